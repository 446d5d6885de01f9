using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Server.Cluster;

namespace HunyuanOrleans.Web.Tests;

/// <summary>
/// A constant cluster of three silos with 12 layers of 16 experts. One silo is leaving and has a hostile name, one is unreachable.
/// </summary>
internal sealed class ThreeSilos : IClusterOverview
{
    public const int Layers = 12, Experts = 16;

    public ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken)
    {
        long[] tokens = [.. Enumerable.Range(0, Layers * Experts).Select(i => i < Experts ? 0L : 100L + ((i * 7919) % 401))];
        return ValueTask.FromResult<ClusterOverview?>(new ClusterOverview(Layers, Experts, tokens,
        [
            Silo("silo-a", 0, 3) with { RunsScheduler = true },
            Silo("<img src=x onerror=boom()>", 4, 7) with { Leaving = true },
            Silo("silo-c", 8, 11) with { Unreachable = true },
        ])
        {
            FirstExpertLayer = 1, ExpertsPerToken = 2, PlanVersion = 4, PlanChanges = 3, Retries = 2,
        });
    }

    private static SiloOverview Silo(string name, int first, int last) => new(
        name, [new LayerRange(first, last)], [new ExpertRange(1, Layers - 1, first, last), new ExpertRange(1, Layers - 1, last + 4, last + 4)])
    {
        WeightBytes = 52_900_000_000, KvBytes = 8_100_000_000, Sessions = 14, Steps = 120_345,
    };
}
