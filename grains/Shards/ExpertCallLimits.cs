using System.Collections.Concurrent;
using HunyuanOrleans.Grains.Hosting;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Limits the calls with rows that are on their way to each silo at once. All routers of a silo share it, because they share the connections. Thread-safe.
/// </summary>
/// <param name="options">The number of calls.</param>
public sealed class ExpertCallLimits(HunyuanSiloOptions options)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _limits = new();

    /// <summary>Held while a call to a silo is on its way.</summary>
    /// <param name="silo">Name of the silo.</param>
    public SemaphoreSlim Of(string silo) => _limits.GetOrAdd(silo, _ => new SemaphoreSlim(options.MessagesInFlight));
}
