using System.Runtime.CompilerServices;
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

/// <summary>A sampling state on the wire; see <see cref="SamplingSnapshot"/> for each value.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.sampling")]
public sealed record SamplingMessage(
    SamplingParamsMessage Parameters, ulong Seed, int Position, int[]? CountIds, int[]? CountsInAnswer, ulong[]? Allowed)
{
    // Parameters are one object for a request's whole life: so is their message.
    private static readonly ConditionalWeakTable<SamplingParams, SamplingParamsMessage> Sent = [];

    /// <summary>A message of a state.</summary>
    public static SamplingMessage Of(SamplingState state)
    {
        SamplingSnapshot snapshot = state.Capture();
        return new SamplingMessage(
            Sent.GetValue(snapshot.Parameters, SamplingParamsMessage.Of), snapshot.Seed, snapshot.Position, snapshot.CountIds, snapshot.CountsInAnswer, snapshot.Allowed);
    }

    /// <summary>A state that draws the same token.</summary>
    public SamplingState ToState() => SamplingState.Restore(new SamplingSnapshot
    {
        Parameters = Parameters.ToParams(),
        Seed = Seed,
        Position = Position,
        CountIds = CountIds,
        CountsInAnswer = CountsInAnswer,
        Allowed = Allowed,
    });
}
