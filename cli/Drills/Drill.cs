using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Keeps streams running on a cluster while silos of it are killed, stopped and added. It does not know how silos are run.</summary>
internal sealed class Drill
{
    private static readonly TimeSpan
        // Tokens that were on their way when something was done have come by then.
        OnTheirWay = TimeSpan.FromMilliseconds(250),
        // A silo that got no part of the model by then gets none.
        TakesPart = TimeSpan.FromSeconds(20),
        Loaded = TimeSpan.FromMinutes(30);

    private readonly DrillPlan _plan;
    private readonly DrillCluster _cluster;
    private readonly ClusterWatch _watch;
    private readonly DrillStreams _streams;
    private readonly TimeProvider _time;
    private readonly Random _random;

    private Drill(DrillPlan plan, DrillCluster cluster, DrillStreams streams, TimeProvider time)
    {
        (_plan, _cluster, _streams, _time) = (plan, cluster, streams, time);
        _watch = new ClusterWatch(cluster.Grains, plan.ModelName, time);
        _random = new Random(plan.Seed);
    }

    /// <summary>Starts the silos of a plan on a cluster that has none, and waits until they serve the model.</summary>
    /// <param name="plan">Which.</param>
    /// <param name="cluster">Where.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelException">A silo does not start, or the model cannot be loaded.</exception>
    public static async Task StartAsync(
        DrillPlan plan, DrillCluster cluster, ProgressReport progress, TimeProvider time, CancellationToken cancellationToken)
    {
        // The others find the cluster by the first one.
        progress(0, plan.Rounds, $"starting {plan.Silos} silos");
        DrillSilo[] silos = [.. DrillSilo.Roles(plan.Silos).Select(static (role, i) => DrillSilo.Numbered(i + 1, role))];
        await cluster.AddAsync(silos[0], cancellationToken);
        await Task.WhenAll(silos.Skip(1).Select(silo => cluster.AddAsync(silo, cancellationToken)));

        progress(0, plan.Rounds, "loading the model");
        ClusterWatch watch = new(cluster.Grains, plan.ModelName, time);
        ModelReport? report = await watch.WaitAsync(static report => report.Card.Problem is null, Loaded, cancellationToken);
        if (report is null || report.Card.Problem is not null)
        {
            throw new ModelException($"The cluster did not get ready: {report?.Card.Problem ?? "it does not answer."}");
        }
    }

    /// <summary>Runs a drill on a cluster that was started.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="expected">The tokens of each request, undisturbed.</param>
    /// <param name="cluster">Where; it has as many silos afterwards.</param>
    /// <param name="progress">Told after each round, with a line for people before each.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelException">A silo does not start or stop, or a stream has come to a standstill.</exception>
    public static async Task<DrillReport> RunAsync(
        DrillPlan plan, int[][] expected, DrillCluster cluster, ProgressReport progress, TimeProvider time, CancellationToken cancellationToken)
    {
        await using DrillStreams streams = new(plan, expected, cluster.Grains, time);
        Drill drill = new(plan, cluster, streams, time);
        await streams.FlowAsync(cancellationToken);
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
            ? await JoinAsync(Say, cancellationToken)
            : await EndAsync(action, _plan.Action == DrillAction.Random ? _random.Next(TargetChoice.Count) : round, Returns(action, round), Say, cancellationToken);
        return done with { Failed = _streams.Failed - failed };

        void Say(string what) => progress(round, _plan.Rounds, $"round {round + 1} of {_plan.Rounds}: {what}");
    }

    // Every other silo comes back under its name, as where something restarts it; each kind in turn.
    private static bool Returns(DrillAction action, int round) => action == DrillAction.Roll || (round + (round / TargetChoice.Count)) % 2 == 1;

    // One ends, and when the streams have gone on for a while another of its kind, or itself, takes its place.
    private async Task<DrillRound> EndAsync(DrillAction action, int turn, bool returns, Action<string> say, CancellationToken cancellationToken)
    {
        ModelReport? report = await _watch.TryReportAsync(cancellationToken);
        DrillSilo[] possible = [.. _cluster.Silos.Where(_cluster.CanEnd)];
        DrillSilo target = action == DrillAction.Roll ? possible[turn % possible.Length] : TargetChoice.Choose(turn, report, possible);
        DrillSilo next = returns ? target : DrillSilo.Numbered(_cluster.Started + 1, target.Role);
        string held = ClusterWatch.Describe(report, target.Name);
        bool goesOn = _plan.Fits(_cluster.Silos.Where(silo => silo != target));
        say($"{(action == DrillAction.Kill ? "killing" : "stopping")} {target.Name} ({held})");

        _streams.Mark();
        if (action == DrillAction.Kill)
        {
            await _cluster.KillAsync(target);
        }
        else
        {
            await _cluster.StopAsync(target, cancellationToken);
        }

        if (!goesOn)
        {
            await _cluster.AddAsync(next, cancellationToken);
        }

        await SettleAsync(cancellationToken);
        TimeSpan[] waits = _streams.TakeWaits();
        _streams.Mark();
        await Task.Delay(_plan.Pause, _time, cancellationToken);
        if (goesOn)
        {
            say(returns ? $"{next.Name} comes back" : $"{next.Name} takes the place of {target.Name}");
            await _cluster.AddAsync(next, cancellationToken);
        }

        await TakesPartAsync(next, cancellationToken);
        return new DrillRound(action, target.Name, held, 0, waits, waits.Concat(_streams.TakeWaits()).Max());
    }

    private async Task<DrillRound> JoinAsync(Action<string> say, CancellationToken cancellationToken)
    {
        DrillSilo silo = DrillSilo.Numbered(_cluster.Started + 1, SiloRole.Any);
        say($"{silo.Name} joins");
        _streams.Mark();
        await _cluster.AddAsync(silo, cancellationToken);
        string held = ClusterWatch.Describe(await TakesPartAsync(silo, cancellationToken), silo.Name);
        TimeSpan[] joining = _streams.TakeWaits();

        say($"{silo.Name} leaves ({held})");
        _streams.Mark();
        await _cluster.StopAsync(silo, cancellationToken);
        await SettleAsync(cancellationToken);
        TimeSpan[] leaving = _streams.TakeWaits();
        return new DrillRound(DrillAction.Join, silo.Name, held, 0, [.. joining, .. leaving], joining.Concat(leaving).Max());
    }

    // Waits until the plan counts on a silo that has come, and the streams go on by it.
    private async Task<ModelReport?> TakesPartAsync(DrillSilo silo, CancellationToken cancellationToken)
    {
        ModelReport? report = await _watch.WaitAsync(
            now => silo.Role == SiloRole.Gateway || ClusterWatch.Holds(now, silo.Name), TakesPart, cancellationToken);
        await SettleAsync(cancellationToken);
        await Task.Delay(_plan.Pause, _time, cancellationToken);
        return report;
    }

    // Twice, since the first token may have been computed before.
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(OnTheirWay, _time, cancellationToken);
        await _streams.FlowAsync(cancellationToken);
        await _streams.FlowAsync(cancellationToken);
    }
}
