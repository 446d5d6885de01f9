using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// The epoch of a scheduler: above every epoch that silos have seen, and not before the clock, so that two schedulers that start at once and see the same
/// have different ones. It does not call silos. Not thread-safe.
/// </summary>
internal sealed class SchedulerEpoch(TimeProvider time)
{
    private readonly HashSet<string> _asked = [];
    private long _value;

    /// <summary>The epoch; 0 until one is chosen. Any thread may read it.</summary>
    public long Value => Volatile.Read(ref _value);

    /// <summary>Chooses an epoch above all that silos report, and above the one before.</summary>
    public void Choose(IReadOnlyDictionary<string, HoldingReport?> reports)
    {
        long seen = reports.Values.Max(static report => report?.Epoch) ?? 0;
        Volatile.Write(ref _value, Math.Max(Math.Max(seen, Value) + 1, time.GetUtcNow().UtcTicks));
        _asked.UnionWith(reports.Keys);
    }

    /// <summary>
    /// True if another scheduler has taken over: a silo knows a higher epoch that it did not know when this one was chosen. A silo that was not asked
    /// then may know the epoch of a scheduler that died before.
    /// </summary>
    public bool IsOver(IReadOnlyDictionary<string, HoldingReport?> reports) => reports.Any(silo => _asked.Contains(silo.Key) && silo.Value?.Epoch > Value);
}
