using System.Collections.Concurrent;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>What grains wait for and tests open. All silos of a test are in its process.</summary>
public static class Gates
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> All = new();

    public static string New()
    {
        var name = Guid.NewGuid().ToString();
        All[name] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return name;
    }

    public static Task Find(string gate) => All[gate].Task;

    public static void Open(string gate) => All[gate].SetResult();
}
