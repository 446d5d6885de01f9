using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Tests.Threading;

/// <summary>Runs a delegate for each unit.</summary>
internal sealed class ActionJob(Action<int, int> action) : IJob
{
    public void Run(int unit, int worker) => action(unit, worker);
}

/// <summary>Counts how often each unit ran, and whether two units ran at once with one worker number.</summary>
internal sealed class CountingJob(int workers) : IJob
{
    private readonly int[] _units = new int[64];
    private readonly int[] _busy = new int[workers];
    private int _expected;
    private int _wrong;

    public int Failing { get; set; } = -1;

    public bool EachUnitRanOnce => _wrong == 0 && Array.TrueForAll(_units[.._expected], n => n == 1) && Array.TrueForAll(_units[_expected..], n => n == 0);

    public void Expect(int count)
    {
        Array.Clear(_units);
        _expected = count;
    }

    public void Run(int unit, int worker)
    {
        if (Interlocked.Increment(ref _busy[worker]) != 1)
        {
            Interlocked.Increment(ref _wrong);
        }

        Interlocked.Increment(ref _units[unit]);
        Interlocked.Decrement(ref _busy[worker]);
        if (unit == Failing)
        {
            throw new InvalidOperationException($"unit {unit}");
        }
    }

    public override string ToString() => $"{string.Join(',', _units)}, shared worker numbers: {_wrong}";
}

/// <summary>Records how many bytes each worker thread allocates between the first and the last unit it runs.</summary>
internal sealed class AllocationJob(int workers) : IJob
{
    private readonly long[] _first = new long[workers];
    private readonly long[] _last = new long[workers];

    public long AllocatedByWorkers => _last.Sum() - _first.Sum();

    public void Begin()
    {
        Array.Clear(_first);
        Array.Clear(_last);
    }

    public void Run(int unit, int worker)
    {
        long now = GC.GetAllocatedBytesForCurrentThread();
        _first[worker] = _first[worker] == 0 ? now : _first[worker];
        _last[worker] = now;
    }
}
