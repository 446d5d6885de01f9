using System.Collections.Concurrent;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>Gates that calls wait at until the test opens them. All silos of a test run in its process.</summary>
internal static class Gates
{
    private static readonly ConcurrentDictionary<string, Gate> All = new();

    /// <summary>Creates a closed gate.</summary>
    /// <returns>The name of the gate.</returns>
    public static string Create()
    {
        string name = Guid.NewGuid().ToString();
        All[name] = new Gate();
        return name;
    }

    /// <summary>Waits until the gate is open.</summary>
    public static async Task PassAsync(string gate)
    {
        All[gate].CountArrival();
        await All[gate].Opened.Task;
    }

    /// <summary>How many calls have come to the gate.</summary>
    public static int ArrivalsAt(string gate) => All[gate].Arrivals;

    public static void Open(string gate) => All[gate].Opened.SetResult();

    private sealed class Gate
    {
        private int _arrivals;

        public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Arrivals => Volatile.Read(ref _arrivals);

        public void CountArrival() => Interlocked.Increment(ref _arrivals);
    }
}
