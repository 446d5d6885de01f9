using System.Runtime.CompilerServices;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>Benchmarks the model on silos that are processes of this machine.</summary>
internal sealed class ClusterTarget : IBenchTarget
{
    private const int EmptyCalls = 2000;

    private static readonly TimeSpan PlacementTimeout = TimeSpan.FromMinutes(5), RequestTimeout = TimeSpan.FromMinutes(5);

    private readonly DrillPlan _plan;
    private readonly DrillCluster _cluster;

    private ClusterTarget(DrillPlan plan, DrillCluster cluster) => (_plan, _cluster) = (plan, cluster);

    /// <inheritdoc/>
    public string Name => _plan.Silos == 1 ? "1 silo" : $"{_plan.Silos} silos";

    /// <inheritdoc/>
    public int Silos => _plan.Silos;

    /// <summary>Starts the silos and waits until each of them holds a part of the model.</summary>
    /// <exception cref="ModelException">Some silos still hold nothing after five minutes.</exception>
    public static async Task<ClusterTarget> CreateAsync(DrillPlan plan, CancellationToken cancellationToken)
    {
        DrillCluster cluster = await DrillCluster.CreateAsync(plan, cancellationToken);
        try
        {
            for (int i = 1; i <= plan.Silos; i++)
            {
                await cluster.AddAsync(new DrillSilo($"silo-{i}", SiloRole.Any), cancellationToken);
            }

            ModelReport? report = await new ClusterMonitor(cluster.Grains, plan.ModelName, TimeProvider.System).WaitAsync(
                ready => CountHolders(ready) == plan.Silos, PlacementTimeout, cancellationToken);
            return report is not null && CountHolders(report) == plan.Silos
                ? new ClusterTarget(plan, cluster)
                : throw new ModelException($"The model did not spread over {plan.Silos} silos. {report?.Card.Problem}");
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<int> RunAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ResumingStream stream = new(
            (spec, token) => _cluster.Grains.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(spec, token), TimeProvider.System);
        await foreach (TokenBatch batch in stream.RunAsync(RequestSpec.Of(_plan.ModelName, request, RequestTimeout), cancellationToken))
        {
            if (batch.Error is not null)
            {
                throw new ModelException(batch.Error);
            }

            yield return batch.Ids.Length;
        }
    }

    /// <inheritdoc/>
    public async Task<SiloTraffic> GetTrafficAsync()
    {
        TrafficReport[] reports = await Task.WhenAll(_cluster.Silos.Select(async silo => (await Silo(silo.Name).ReportAsync()).Traffic));
        return reports.Aggregate(default(SiloTraffic), static (sum, r) => new SiloTraffic(
            sum.Calls + r.Steps + r.ExpertCalls, sum.Bytes + r.StepBytes + r.ExpertBytes, sum.ExpertCalls + r.ExpertCalls, sum.ExpertSeconds + r.ExpertSeconds));
    }

    /// <inheritdoc/>
    public async Task<double?> MeasureEmptyCallAsync(int bytes) => _plan.Silos < 2 || bytes <= 0
        ? null
        : await Silo(_cluster.Silos[0].Name).MeasureCallAsync(_cluster.Silos[1].Name, bytes, EmptyCalls);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private static int CountHolders(ModelReport report) =>
        report.Card.Problem is not null ? 0 : report.Stages.Concat(report.Groups).Select(static key => PinnedKey.Parse(key).Silo).Distinct().Count();

    private ISiloGrain Silo(string name) => _cluster.Grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString());
}
