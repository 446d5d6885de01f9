using System.Runtime.CompilerServices;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>The model on silos that are processes of this machine.</summary>
internal sealed class ClusterContender : IContender
{
    private const int FloorCalls = 2000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DrillPlan _plan;
    private readonly DrillCluster _cluster;

    private ClusterContender(DrillPlan plan, DrillCluster cluster) => (_plan, _cluster) = (plan, cluster);

    /// <inheritdoc/>
    public string Name => _plan.Silos == 1 ? "1 silo" : $"{_plan.Silos} silos";

    /// <inheritdoc/>
    public int Silos => _plan.Silos;

    /// <summary>Starts the silos and waits until the model is spread over all of them.</summary>
    public static async Task<ClusterContender> CreateAsync(DrillPlan plan, CancellationToken cancellationToken)
    {
        DrillCluster cluster = await DrillCluster.CreateAsync(plan, cancellationToken);
        try
        {
            for (int i = 1; i <= plan.Silos; i++)
            {
                await cluster.AddAsync(new DrillSilo($"silo-{i}", SiloRole.Any), cancellationToken);
            }

            ModelReport? report = await new ClusterWatch(cluster.Grains, plan.ModelName, TimeProvider.System).WaitAsync(
                ready => Holders(ready) == plan.Silos, Patience, cancellationToken);
            return report is not null && Holders(report) == plan.Silos
                ? new ClusterContender(plan, cluster)
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
        await foreach (TokenBatch batch in stream.RunAsync(RequestSpec.Of(_plan.ModelName, request, Patience), cancellationToken))
        {
            if (batch.Error is not null)
            {
                throw new ModelException(batch.Error);
            }

            yield return batch.Ids.Length;
        }
    }

    /// <inheritdoc/>
    public async Task<Traffic> TrafficAsync()
    {
        TrafficReport[] reports = await Task.WhenAll(_cluster.Silos.Select(async silo => (await Silo(silo.Name).ReportAsync()).Traffic));
        return reports.Aggregate(default(Traffic), static (sum, r) => new Traffic(
            sum.Calls + r.Steps + r.ExpertCalls, sum.Bytes + r.StepBytes + r.ExpertBytes, sum.ExpertCalls + r.ExpertCalls, sum.ExpertSeconds + r.ExpertSeconds));
    }

    /// <inheritdoc/>
    public async Task<double?> CallFloorAsync(int bytes) => _plan.Silos < 2 || bytes <= 0
        ? null
        : await Silo(_cluster.Silos[0].Name).MeasureCallAsync(_cluster.Silos[1].Name, bytes, FloorCalls);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private static int Holders(ModelReport report) =>
        report.Card.Problem is not null ? 0 : report.Stages.Concat(report.Groups).Select(static key => PinnedKey.Parse(key).Silo).Distinct().Count();

    private ISiloGrain Silo(string name) => _cluster.Grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString());
}
