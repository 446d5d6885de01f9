using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Kills, stops and adds silos of a cluster while streams run on it. Does not know how silos are started.</summary>
internal sealed class Drill
{
    private static readonly TimeSpan
        // Tokens that were in flight at the time of an action have arrived after this time.
        InFlightDelay = TimeSpan.FromMilliseconds(250),
        // A silo that was given no part of the model within this time is not needed.
        PlacementTimeout = TimeSpan.FromSeconds(20),
        LoadTimeout = TimeSpan.FromMinutes(30);

    private readonly DrillPlan _plan;
    private readonly DrillCluster _cluster;
    private readonly ClusterMonitor _monitor;
    private readonly DrillStreams _streams;
    private readonly TimeProvider _time;
    private readonly Random _random;

    private Drill(DrillPlan plan, DrillCluster cluster, DrillStreams streams, TimeProvider time)
    {
        (_plan, _cluster, _streams, _time) = (plan, cluster, streams, time);
        _monitor = new ClusterMonitor(cluster.Grains, plan.ModelName, time);
        _random = new Random(plan.Seed);
    }

    /// <summary>Starts the silos of a plan on an empty cluster, and waits until they serve the model.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cluster">The cluster, without silos.</param>
    /// <param name="progress">Receives a note for each phase.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="ModelException">A silo does not start, or the model cannot be loaded.</exception>
    public static async Task StartAsync(
        DrillPlan plan, DrillCluster cluster, ProgressReport progress, TimeProvider time, CancellationToken cancellationToken)
    {
        // The first silo is started alone, because without a database the others find the cluster through it.
        progress(0, plan.Rounds, $"starting {plan.Silos} silos");
        DrillSilo[] silos = [.. DrillSilo.Roles(plan.Silos).Select(static (role, i) => DrillSilo.Numbered(i + 1, role))];
        await cluster.AddAsync(silos[0], cancellationToken);
        await Task.WhenAll(silos.Skip(1).Select(silo => cluster.AddAsync(silo, cancellationToken)));

        progress(0, plan.Rounds, "loading the model");
        ClusterMonitor monitor = new(cluster.Grains, plan.ModelName, time);
        ModelReport? report = await monitor.WaitAsync(static report => report.Card.Problem is null, LoadTimeout, cancellationToken);
        if (report is null || report.Card.Problem is not null)
        {
            throw new ModelException($"The cluster did not become ready: {report?.Card.Problem ?? "it does not respond."}");
        }
    }

    /// <summary>Runs a drill on a cluster that <see cref="StartAsync"/> started.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="expected">The tokens of each request in an undisturbed run.</param>
    /// <param name="cluster">The cluster; afterwards it has as many silos as before.</param>
    /// <param name="progress">Receives the number of finished rounds, and a note at the start of each action.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels the drill.</param>
    /// <exception cref="ModelException">A silo does not start or stop, or a stream receives no tokens any more.</exception>
    public static async Task<DrillReport> RunAsync(
        DrillPlan plan, int[][] expected, DrillCluster cluster, ProgressReport progress, TimeProvider time, CancellationToken cancellationToken)
    {
        await using DrillStreams streams = new(plan, expected, cluster.Grains, time);
        Drill drill = new(plan, cluster, streams, time);
        await streams.WaitForTokensAsync(cancellationToken);
        List<DrillRound> rounds = [];
        for (int i = 0; i < plan.Rounds; i++)
        {
            rounds.Add(await drill.RoundAsync(i, progress, cancellationToken));
            progress(i + 1, plan.Rounds);
        }

        progress(plan.Rounds, plan.Rounds, "letting the last answers end");
        await streams.FinishAsync(cancellationToken);
        return new DrillReport(
            cluster.Description, rounds, streams.Answers, streams.Tokens, streams.Failed, streams.Unequal, streams.LongestGap, [.. streams.Problems]);
    }

    private async Task<DrillRound> RoundAsync(int round, ProgressReport progress, CancellationToken cancellationToken)
    {
        DrillAction action = _plan.Action == DrillAction.Random ? (DrillAction)_random.Next((int)DrillAction.Random) : _plan.Action;
        int failed = _streams.Failed;
        DrillRound done = action == DrillAction.Join
            ? await JoinAsync(Report, cancellationToken)
            : await ReplaceAsync(
                action, _plan.Action == DrillAction.Random ? _random.Next(TargetSelector.Count) : round, ReusesName(action, round), Report, cancellationToken);
        return done with { Failed = _streams.Failed - failed };

        void Report(string what) => progress(round, _plan.Rounds, $"round {round + 1} of {_plan.Rounds}: {what}");
    }

    // In every second round the new silo has the name of the old one, as if a supervisor had restarted it. Over time this happens to silos of
    // each kind.
    private static bool ReusesName(DrillAction action, int round) => action == DrillAction.Roll || (round + (round / TargetSelector.Count)) % 2 == 1;

    // Kills or stops a silo. When the streams have continued for a while, starts a silo of the same role in its place.
    private async Task<DrillRound> ReplaceAsync(DrillAction action, int turn, bool reuseName, Action<string> report, CancellationToken cancellationToken)
    {
        ModelReport? model = await _monitor.TryReportAsync(cancellationToken);
        DrillSilo[] candidates = [.. _cluster.Silos.Where(_cluster.CanRemove)];
        DrillSilo target = action == DrillAction.Roll ? candidates[turn % candidates.Length] : TargetSelector.Select(turn, model, candidates);
        DrillSilo replacement = reuseName ? target : DrillSilo.Numbered(_cluster.Started + 1, target.Role);
        string held = ClusterMonitor.Describe(model, target.Name);
        bool remainingSuffice = _plan.Fits(_cluster.Silos.Where(silo => silo != target));
        report($"{(action == DrillAction.Kill ? "killing" : "stopping")} {target.Name} ({held})");

        _streams.MarkAction();
        if (action == DrillAction.Kill)
        {
            await _cluster.KillAsync(target);
        }
        else
        {
            await _cluster.StopAsync(target, cancellationToken);
        }

        if (!remainingSuffice)
        {
            await _cluster.AddAsync(replacement, cancellationToken);
        }

        await WaitForStreamsAsync(cancellationToken);
        TimeSpan[] waits = _streams.TakeLongestWaits();
        _streams.MarkAction();
        await Task.Delay(_plan.Pause, _time, cancellationToken);
        if (remainingSuffice)
        {
            report(reuseName ? $"{replacement.Name} comes back" : $"{replacement.Name} replaces {target.Name}");
            await _cluster.AddAsync(replacement, cancellationToken);
        }

        await WaitForPlacementAsync(replacement, cancellationToken);
        return new DrillRound(action, target.Name, held, 0, waits, waits.Concat(_streams.TakeLongestWaits()).Max());
    }

    private async Task<DrillRound> JoinAsync(Action<string> report, CancellationToken cancellationToken)
    {
        DrillSilo silo = DrillSilo.Numbered(_cluster.Started + 1, SiloRole.Any);
        report($"{silo.Name} joins");
        _streams.MarkAction();
        await _cluster.AddAsync(silo, cancellationToken);
        string held = ClusterMonitor.Describe(await WaitForPlacementAsync(silo, cancellationToken), silo.Name);
        TimeSpan[] joining = _streams.TakeLongestWaits();

        report($"{silo.Name} leaves ({held})");
        _streams.MarkAction();
        await _cluster.StopAsync(silo, cancellationToken);
        await WaitForStreamsAsync(cancellationToken);
        TimeSpan[] leaving = _streams.TakeLongestWaits();
        return new DrillRound(DrillAction.Join, silo.Name, held, 0, [.. joining, .. leaving], joining.Concat(leaving).Max());
    }

    // Waits until a new silo holds a part of the model, and the streams continue.
    private async Task<ModelReport?> WaitForPlacementAsync(DrillSilo silo, CancellationToken cancellationToken)
    {
        ModelReport? report = await _monitor.WaitAsync(
            now => silo.Role == SiloRole.Gateway || ClusterMonitor.Holds(now, silo.Name), PlacementTimeout, cancellationToken);
        await WaitForStreamsAsync(cancellationToken);
        await Task.Delay(_plan.Pause, _time, cancellationToken);
        return report;
    }

    // Waits for two tokens of each stream, because the first may have been computed before the action.
    private async Task WaitForStreamsAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(InFlightDelay, _time, cancellationToken);
        await _streams.WaitForTokensAsync(cancellationToken);
        await _streams.WaitForTokensAsync(cancellationToken);
    }
}
