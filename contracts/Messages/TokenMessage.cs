using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A sampled token on the wire.</summary>
/// <param name="Id">The token id.</param>
/// <param name="LogProbability">Natural logarithm of its probability; 0 if not requested.</param>
/// <param name="TopIds">The most probable token ids; null if not requested.</param>
/// <param name="TopLogProbabilities">The log probabilities of <paramref name="TopIds"/>.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.token")]
public sealed record TokenMessage(
    [property: Id(0)] int Id, [property: Id(1)] float LogProbability, [property: Id(2)] int[]? TopIds, [property: Id(3)] float[]? TopLogProbabilities)
{
    /// <summary>Creates the message of a token.</summary>
    public static TokenMessage Of(in SampledToken token) => new(
        token.Id,
        token.LogProbability,
        token.Top is null ? null : Array.ConvertAll(token.Top, static t => t.Id),
        token.Top is null ? null : Array.ConvertAll(token.Top, static t => t.LogProbability));

    /// <summary>Creates the messages of tokens.</summary>
    public static TokenMessage[] Of(ReadOnlySpan<SampledToken> tokens)
    {
        TokenMessage[] messages = new TokenMessage[tokens.Length];
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = Of(in tokens[i]);
        }

        return messages;
    }

    /// <summary>The token.</summary>
    public SampledToken ToToken()
    {
        if (TopIds is null || TopLogProbabilities is null)
        {
            return new SampledToken(Id, LogProbability, null);
        }

        var top = new TokenLogProbability[TopIds.Length];
        for (int i = 0; i < top.Length; i++)
        {
            top[i] = new TokenLogProbability(TopIds[i], TopLogProbabilities[i]);
        }

        return new SampledToken(Id, LogProbability, top);
    }
}
