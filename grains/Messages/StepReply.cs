using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a step gave.</summary>
/// <param name="Tokens">A token for each slice that wanted one, in order.</param>
/// <param name="Logits">Their logits, float32 [tokens, vocabulary]; null unless asked for.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.step.reply")]
public sealed record StepReply(TokenMessage[] Tokens, byte[]? Logits);

/// <summary>A drawn token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">Natural log of its probability; 0 where not asked for.</param>
/// <param name="TopIds">The most probable ids; null where not asked for.</param>
/// <param name="TopLogProbabilities">Their log probabilities.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.token")]
public sealed record TokenMessage(int Id, float LogProbability, int[]? TopIds, float[]? TopLogProbabilities)
{
    /// <summary>A message of a token.</summary>
    public static TokenMessage Of(in SampledToken token) => new(
        token.Id,
        token.LogProbability,
        token.Top is null ? null : Array.ConvertAll(token.Top, static t => t.Id),
        token.Top is null ? null : Array.ConvertAll(token.Top, static t => t.LogProbability));

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
