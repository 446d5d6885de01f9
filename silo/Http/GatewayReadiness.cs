using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Silo.Http;

/// <summary>
/// Decides whether this gateway can answer requests. It can from the first usable route on. When a route is lost, requests wait for the next one, unless
/// that takes so long that callers should rather come back later.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class GatewayReadiness(TimeProvider time)
{
    /// <summary>
    /// How long requests wait for a new route. Silos that die are usually replaced sooner, and a Service whose gateways are all not ready refuses
    /// connections.
    /// </summary>
    private static readonly TimeSpan RouteTimeout = TimeSpan.FromSeconds(30);

    private long? _usable;

    /// <summary>Evaluates what the model's scheduler reports.</summary>
    /// <param name="card">The report; null if the scheduler does not answer.</param>
    public ModelReadiness Update(ModelCard? card)
    {
        if (card is { Problem: null })
        {
            _usable = time.GetTimestamp();
        }

        LoadingProgress? loading = card?.Loading;
        ModelReadiness readiness = Of(card is null ? "The model's scheduler does not answer." : card.Problem, loading);
        bool waits = _usable is { } last && time.GetElapsedTime(last) + (readiness.TimeLeft ?? TimeSpan.Zero) <= RouteTimeout;
        return waits ? readiness with { Problem = null } : readiness;
    }

    /// <summary>The readiness that a problem and the progress of loading amount to.</summary>
    public static ModelReadiness Of(string? problem, LoadingProgress? loading) => new(problem)
    {
        TotalBytes = loading?.TotalBytes ?? 0,
        BytesLeft = loading?.BytesLeft ?? 0,
        TimeLeft = loading?.SecondsLeft is { } seconds ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.SecondsPerDay)) : null,
    };
}
