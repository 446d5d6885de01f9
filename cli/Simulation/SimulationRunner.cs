using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>Starts the silos of a simulation, runs its load, and lets happen to silos what its plan says.</summary>
internal sealed class SimulationRunner : IAsyncDisposable
{
    // More processes would only slow each other down.
    private static readonly int StartsAtOnce = 2 * Environment.ProcessorCount;

    private static readonly TimeSpan LoadTimeout = TimeSpan.FromHours(1);

    private readonly SimulationPlan _plan;
    private readonly SimulationWorkload _workload;
    private readonly DrillCluster _cluster;
    private readonly ProgressReport _progress;
    private readonly TimeProvider _time;
    private readonly List<SimulationRun> _runs = [];
    private readonly List<string> _problems = [];
    private SimulationClock _clock = null!;
    private SimulationMonitor? _monitor;
    private SimulationEvents _events = null!;

    private SimulationRunner(SimulationPlan plan, SimulationWorkload workload, DrillCluster cluster, ProgressReport progress, TimeProvider time) =>
        (_plan, _workload, _cluster, _progress, _time) = (plan, workload, cluster, progress, time);

    /// <summary>Runs a simulation.</summary>
    /// <exception cref="ModelException">A silo does not start, the model does not fit, or it is never loaded.</exception>
    public static async Task<SimulationReport> RunAsync(SimulationPlan plan, ProgressReport progress, TimeProvider time, CancellationToken cancellationToken)
    {
        progress(0, plan.Streams.Count, "computing the expected tokens");
        SimulationWorkload workload = await SimulationWorkload.CreateAsync(plan, cancellationToken);
        await using DrillCluster cluster = await DrillCluster.CreateAsync(plan, cancellationToken);
        await using SimulationRunner runner = new(plan, workload, cluster, progress, time);
        double load = await runner.StartAsync(cancellationToken);
        for (int i = 0; i < plan.Streams.Count; i++)
        {
            progress(i, plan.Streams.Count, $"{plan.Streams[i]} streams");
            await runner.RunAsync(plan.Streams[i], i == plan.Streams.Count - 1, cancellationToken);
        }

        await runner._monitor!.SampleAsync();
        return new SimulationReport(
            cluster.Description, runner._monitor.Silos, load, runner._runs, runner._events.Replans(runner._runs[^1]), runner._problems);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_monitor is not null)
        {
            await _monitor.DisposeAsync();
        }
    }

    // Returns the simulated seconds that loading took.
    private async Task<double> StartAsync(CancellationToken cancellationToken)
    {
        _progress(0, _plan.Streams.Count, $"starting {_plan.Silos} silos");
        DrillSilo[] silos = [.. Enumerable.Range(1, _plan.Silos).Select(static number => DrillSilo.Numbered(number, SiloRole.Any))];
        DrillSilo[][] processes = [.. silos.Chunk(_plan.SilosInProcess)];
        await _cluster.AddAsync(processes[0], cancellationToken);
        await Parallel.ForEachAsync(
            processes.Skip(1),
            new ParallelOptions { MaxDegreeOfParallelism = StartsAtOnce, CancellationToken = cancellationToken },
            async (process, token) => await _cluster.AddAsync(process, token));
        _clock = new SimulationClock(_time, _plan.TimeScale);
        _monitor = new SimulationMonitor(_cluster.Grains, _plan.ModelName, silos.Select(static silo => silo.Name), _clock, _time);
        _events = new SimulationEvents(_plan, _cluster, _monitor, _clock, _progress);
        _progress(0, _plan.Streams.Count, "loading the model");
        ClusterMonitor model = new(_cluster.Grains, _plan.ModelName, _time);
        ModelReport? report = await model.WaitAsync(static report => report.Card.Problem is null, LoadTimeout, cancellationToken);
        return report?.Card.Problem is null && report is not null
            ? _clock.Now
            : throw new ModelException($"The cluster did not become ready: {report?.Card.Problem ?? "it does not respond."}");
    }

    private async Task RunAsync(int streams, bool last, CancellationToken cancellationToken)
    {
        await using ClusterGenerator generator = await ClusterGenerator.CreateAsync(_cluster.Client, _plan.ModelName, _time, cancellationToken);
        await _monitor!.SampleAsync();
        double begin = _clock.Now;
        SimulationStream[] all = [.. Enumerable.Range(0, streams).Select(i => new SimulationStream(_workload, i, generator, _clock))];
        Task events = last ? _events.RunAsync(begin, cancellationToken) : Task.CompletedTask;
        await Task.WhenAll(all.Select(stream => Task.Run(() => stream.RunAsync(() => !events.IsCompleted, cancellationToken), cancellationToken)));
        await events;
        await _monitor.SampleAsync();
        double end = _clock.Now;
        double[] tokens = [.. all.SelectMany(static stream => stream.TokenTimes).Order()];
        double rows = tokens.Length + ((double)streams * _plan.Prompt);
        _problems.AddRange(all.Select(static stream => stream.Problem).OfType<string>());
        _runs.Add(new SimulationRun(
            streams,
            begin,
            end,
            tokens,
            Speed(all, tokens),
            Median([.. all.Select(static stream => stream.FirstToken).OfType<double>()]),
            all.Sum(static stream => stream.Failed),
            all.Sum(static stream => stream.Unequal),
            all.Max(static stream => stream.LongestGap),
            Total(static sample => sample.Calls) / rows,
            Total(static sample => sample.Bytes) / rows));

        double Total(Func<SiloHistory.Sample, long> counter) => _monitor.Silos.Sum(silo => counter(silo.At(end)) - counter(silo.At(begin)));
    }

    // While all streams generate. Where their times do not overlap, over all tokens.
    private static double Speed(SimulationStream[] streams, double[] tokens)
    {
        if (tokens.Length < 2)
        {
            return 0;
        }

        SimulationStream[] answered = [.. streams.Where(static stream => stream.TokenTimes.Count > 0)];
        double begin = answered.Max(static stream => stream.TokenTimes[0]), end = answered.Min(static stream => stream.TokenTimes[^1]);
        return end > begin
            ? tokens.Count(time => time > begin && time <= end) / (end - begin)
            : (tokens.Length - 1) / (tokens[^1] - tokens[0]);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length == 0 ? 0 : values[values.Length / 2];
    }
}
