using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>Kills, stops and restarts silos at the times of a simulation's plan, and tells what followed.</summary>
internal sealed class SimulationEvents(SimulationPlan plan, DrillCluster cluster, SimulationMonitor monitor, SimulationClock clock, ProgressReport progress)
{
    // Simulated seconds after the last event in which the streams go on, to see that they do.
    private const double SettleSeconds = 5;

    // A silo that came back may get no part of the model, if the others have room for all of it.
    private static readonly TimeSpan RecoveryTimeout = TimeSpan.FromMinutes(20), PlacementTimeout = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly List<(string Cause, double At, long BytesLost)> _marks = [];
    private readonly HashSet<string> _returned = new(StringComparer.Ordinal);

    /// <summary>Lets everything happen.</summary>
    /// <param name="begin">When the run began.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Completes when the cluster has recovered from the last event.</returns>
    /// <exception cref="ModelException">A silo does not start, or the cluster does not recover.</exception>
    public async Task RunAsync(double begin, CancellationToken cancellationToken)
    {
        List<Task> restarts = [];
        foreach (SimulationEvent next in plan.Events.OrderBy(static e => e.At))
        {
            await clock.WaitUntilAsync(begin + next.At.TotalSeconds, cancellationToken);
            if (next.Target == SimulationTarget.Roll)
            {
                await RollAsync(cancellationToken);
                continue;
            }

            DrillSilo[] targets = Select(next.Target);
            Mark($"kill {next.Target.ToString().ToLowerInvariant()} ({string.Join(", ", targets.Select(static silo => silo.Name))})", targets);
            await Task.WhenAll(targets.Select(cluster.KillAsync));
            if (plan.RestartAfter is { } delay)
            {
                restarts.AddRange(targets.Select(silo => RestartAsync(silo, clock.Now + delay.TotalSeconds, cancellationToken)));
            }
        }

        if (plan.Events.Count > 0)
        {
            await Task.WhenAll(restarts);
            await WaitUntilRecoveredAsync(cancellationToken);
            await clock.WaitUntilAsync(clock.Now + SettleSeconds, cancellationToken);
        }
    }

    /// <summary>What followed on each event.</summary>
    public IReadOnlyList<SimulationReplan> Replans(SimulationRun run)
    {
        List<SimulationReplan> replans = [];
        for (int i = 0; i < _marks.Count; i++)
        {
            (string cause, double at, long lost) = _marks[i];
            double end = i + 1 < _marks.Count ? _marks[i + 1].At : double.PositiveInfinity;
            double changed = monitor.Versions.Where(version => version.Seconds > at && version.Seconds <= end).Select(static version => version.Seconds).DefaultIfEmpty(at).Max();
            replans.Add(new SimulationReplan(
                cause,
                at,
                lost,
                monitor.Silos.Sum(silo => silo.At(end).LoadedBytes - silo.At(at).LoadedBytes),
                changed - at,
                LongestSilence(run.TokenTimes, at, Math.Min(end, run.End)),
                monitor.Silos.Max(silo => silo.At(end).PeakBytes)));
        }

        return replans;
    }

    private static double LongestSilence(IReadOnlyList<double> tokens, double begin, double end)
    {
        double longest = 0, last = begin;
        foreach (double token in tokens.Where(token => token > begin && token <= end).Append(end))
        {
            longest = Math.Max(longest, token - last);
            last = token;
        }

        return longest;
    }

    private async Task RollAsync(CancellationToken cancellationToken)
    {
        foreach (DrillSilo silo in cluster.Silos.ToArray())
        {
            Mark($"stop and restart {silo.Name}", []);
            await cluster.StopAsync(silo, cancellationToken);
            await AddAgainAsync(silo, cancellationToken);
            await WaitUntilRecoveredAsync(cancellationToken);
        }
    }

    private async Task RestartAsync(DrillSilo silo, double at, CancellationToken cancellationToken)
    {
        await clock.WaitUntilAsync(at, cancellationToken);
        Mark($"{silo.Name} comes back", []);
        await AddAgainAsync(silo, cancellationToken);
    }

    private async Task AddAgainAsync(DrillSilo silo, CancellationToken cancellationToken)
    {
        await cluster.AddAsync(silo, cancellationToken);
        lock (_gate)
        {
            _returned.Add(silo.Name);
        }
    }

    // The scheduler may not have noticed yet what happened, so its route must do without the silos that ended, and use those that came back.
    private async Task WaitUntilRecoveredAsync(CancellationToken cancellationToken)
    {
        string[] returned;
        lock (_gate)
        {
            returned = [.. _returned.Intersect(cluster.Silos.Select(static silo => silo.Name))];
        }

        ClusterMonitor model = new(cluster.Grains, plan.ModelName, TimeProvider.System);
        ModelReport? report = await model.WaitAsync(HasRecovered, RecoveryTimeout, cancellationToken);
        if (report is null || !HasRecovered(report))
        {
            throw new ModelException($"The cluster did not recover: {report?.Card.Problem ?? "it does not respond, or still uses silos that ended."}");
        }

        await model.WaitAsync(now => HasRecovered(now) && returned.All(silo => ClusterMonitor.Holds(now, silo)), PlacementTimeout, cancellationToken);

        // Reads which silos run each time, because others may come back meanwhile.
        bool HasRecovered(ModelReport now)
        {
            HashSet<string> running = [.. cluster.Silos.Select(static silo => silo.Name)];
            return now.Card.Problem is null
                && running.Contains(now.SchedulerSilo) && now.Stages.Concat(now.Groups).All(key => running.Contains(PinnedKey.Parse(key).Silo));
        }
    }

    private DrillSilo[] Select(SimulationTarget target)
    {
        DrillSilo[] silos = [.. cluster.Silos];
        ModelReport report = monitor.Model ?? new ModelReport();
        return target switch
        {
            SimulationTarget.Scheduler => [Find(silo => silo.Name == report.SchedulerSilo)],
            SimulationTarget.Attention => [Find(silo => silo.Name != report.SchedulerSilo && ClusterMonitor.HoldsAttention(report, silo.Name))],
            SimulationTarget.Experts =>
                [Find(silo => silo.Name != report.SchedulerSilo && ClusterMonitor.HoldsExperts(report, silo.Name) && !ClusterMonitor.HoldsAttention(report, silo.Name))
                    ?? Find(silo => silo.Name != report.SchedulerSilo && ClusterMonitor.HoldsExperts(report, silo.Name))],
            SimulationTarget.Zone => [.. silos.Where(silo => plan.ZoneOf(silo) == plan.ZoneOf(silos[^1]))],
            _ => [Find(silo => silo.Name != report.SchedulerSilo)],
        };

        DrillSilo Find(Func<DrillSilo, bool> fits) => silos.LastOrDefault(fits) ?? silos[^1];
    }

    private void Mark(string cause, DrillSilo[] lost)
    {
        progress(0, 1, cause);
        lock (_gate)
        {
            _marks.Add((cause, clock.Now, monitor.Silos.Where(silo => lost.Any(l => l.Name == silo.Name)).Sum(static silo => silo.WeightBytes)));
        }
    }
}
