using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>A sampling state on the wire. <see cref="SamplingSnapshot"/> documents each value.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.sampling")]
public sealed record SamplingMessage(
    [property: Id(0)] SamplingParamsMessage Parameters,
    [property: Id(1)] ulong Seed,
    [property: Id(2)] int Position,
    [property: Id(3)] int[]? CountIds,
    [property: Id(4)] int[]? CountsInAnswer,
    [property: Id(5)] ulong[]? Allowed,
    [property: Id(6)] int[]? Forbidden = null)
{
    // A request has one SamplingParams object for its whole life, so its message is built once instead of in every step.
    private static readonly ConditionalWeakTable<SamplingParams, SamplingParamsMessage> Cache = [];

    /// <summary>Bytes of its arrays.</summary>
    internal long Bytes => (((long)(CountIds?.Length ?? 0) + (CountsInAnswer?.Length ?? 0) + (Forbidden?.Length ?? 0)) * sizeof(int)) + ((long)(Allowed?.Length ?? 0) * sizeof(ulong));

    /// <summary>Creates the message of a state.</summary>
    public static SamplingMessage Of(SamplingState state)
    {
        SamplingSnapshot snapshot = state.Capture();
        return new SamplingMessage(
            Cache.GetValue(snapshot.Parameters, OfStep),
            snapshot.Seed,
            snapshot.Position,
            snapshot.CountIds,
            snapshot.CountsInAnswer,
            snapshot.Allowed,
            snapshot.Forbidden);
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
        Forbidden = Forbidden,
    });

    // The scheduler has put these into the masks of the step.
    private static SamplingParamsMessage OfStep(SamplingParams parameters) => SamplingParamsMessage.Of(parameters with { AllowedTokens = null, BadWords = null });
}
