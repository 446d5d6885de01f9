using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>Sampling parameters on the wire; see <see cref="SamplingParams"/> for each.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.sampling.params")]
public sealed record SamplingParamsMessage(
    float Temperature,
    int TopK,
    float TopP,
    float MinP,
    float RepetitionPenalty,
    float PresencePenalty,
    float FrequencyPenalty,
    ulong? Seed,
    int[]? BiasIds,
    float[]? Biases,
    int[]? BannedTokens,
    int? LogProbabilities)
{
    /// <summary>A message of parameters.</summary>
    public static SamplingParamsMessage Of(SamplingParams p) => new(
        p.Temperature,
        p.TopK,
        p.TopP,
        p.MinP,
        p.RepetitionPenalty,
        p.PresencePenalty,
        p.FrequencyPenalty,
        p.Seed,
        p.LogitBias is { Count: > 0 } ? [.. p.LogitBias.Keys] : null,
        p.LogitBias is { Count: > 0 } ? [.. p.LogitBias.Values] : null,
        p.BannedTokens is { Count: > 0 } ? [.. p.BannedTokens] : null,
        p.LogProbabilities);

    /// <summary>The parameters.</summary>
    public SamplingParams ToParams() => new()
    {
        Temperature = Temperature,
        TopK = TopK,
        TopP = TopP,
        MinP = MinP,
        RepetitionPenalty = RepetitionPenalty,
        PresencePenalty = PresencePenalty,
        FrequencyPenalty = FrequencyPenalty,
        Seed = Seed,
        LogitBias = BiasIds is null || Biases is null ? null : BiasIds.Zip(Biases).ToDictionary(static pair => pair.First, static pair => pair.Second),
        BannedTokens = BannedTokens,
        LogProbabilities = LogProbabilities,
    };
}
