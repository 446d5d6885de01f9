using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>Sampling parameters on the wire. <see cref="SamplingParams"/> documents each value.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.sampling.params")]
public sealed record SamplingParamsMessage
{
    /// <inheritdoc cref="SamplingParams.Temperature"/>
    [Id(0)]
    public float Temperature { get; init; } = 1;

    /// <inheritdoc cref="SamplingParams.TopK"/>
    [Id(1)]
    public int TopK { get; init; }

    /// <inheritdoc cref="SamplingParams.TopP"/>
    [Id(2)]
    public float TopP { get; init; } = 1;

    /// <inheritdoc cref="SamplingParams.MinP"/>
    [Id(3)]
    public float MinP { get; init; }

    /// <inheritdoc cref="SamplingParams.RepetitionPenalty"/>
    [Id(4)]
    public float RepetitionPenalty { get; init; } = 1;

    /// <inheritdoc cref="SamplingParams.PresencePenalty"/>
    [Id(5)]
    public float PresencePenalty { get; init; }

    /// <inheritdoc cref="SamplingParams.FrequencyPenalty"/>
    [Id(6)]
    public float FrequencyPenalty { get; init; }

    /// <inheritdoc cref="SamplingParams.Seed"/>
    [Id(7)]
    public ulong? Seed { get; init; }

    /// <summary>Token ids of <see cref="SamplingParams.LogitBias"/>; null for none.</summary>
    [Id(8)]
    public int[]? BiasIds { get; init; }

    /// <summary>The biases of <see cref="BiasIds"/>, in their order.</summary>
    [Id(9)]
    public float[]? Biases { get; init; }

    /// <inheritdoc cref="SamplingParams.BannedTokens"/>
    [Id(10)]
    public int[]? BannedTokens { get; init; }

    /// <inheritdoc cref="SamplingParams.LogProbabilities"/>
    [Id(11)]
    public int? LogProbabilities { get; init; }

    /// <inheritdoc cref="SamplingParams.AllowedTokens"/>
    [Id(12)]
    public int[]? AllowedTokens { get; init; }

    /// <inheritdoc cref="SamplingParams.BadWords"/>
    [Id(13)]
    public int[][]? BadWords { get; init; }

    /// <summary>Creates the message of parameters.</summary>
    public static SamplingParamsMessage Of(SamplingParams p) => new()
    {
        Temperature = p.Temperature,
        TopK = p.TopK,
        TopP = p.TopP,
        MinP = p.MinP,
        RepetitionPenalty = p.RepetitionPenalty,
        PresencePenalty = p.PresencePenalty,
        FrequencyPenalty = p.FrequencyPenalty,
        Seed = p.Seed,
        BiasIds = p.LogitBias is { Count: > 0 } ? [.. p.LogitBias.Keys] : null,
        Biases = p.LogitBias is { Count: > 0 } ? [.. p.LogitBias.Values] : null,
        BannedTokens = p.BannedTokens is { Count: > 0 } ? [.. p.BannedTokens] : null,
        LogProbabilities = p.LogProbabilities,
        AllowedTokens = p.AllowedTokens is null ? null : [.. p.AllowedTokens],
        BadWords = p.BadWords is { Count: > 0 } ? [.. p.BadWords.Select(static word => word.ToArray())] : null,
    };

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
        AllowedTokens = AllowedTokens,
        BadWords = BadWords,
    };
}
