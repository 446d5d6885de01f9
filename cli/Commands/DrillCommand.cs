using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>drill</c>: tests whether answers survive the loss of silos, and measures how long they are interrupted.</summary>
internal static class DrillCommand
{
    private static readonly Option<int?> Silos = Count("--silos", 4, 64, "Number of silos. A cluster of 4 or more has silos of every role.");
    private static readonly Option<int?> Streams = Count("--streams", 8, 1024, "Number of answers that are generated at the same time.");
    private static readonly Option<int?> Rounds = Count("--rounds", 4, 100_000, "How often the action is done.");
    private static readonly Option<int?> Seed = Count("--seed", 1, int.MaxValue, "The seed of the prompts and of the action random.");

    private static readonly Option<string> Action = new Option<string>("--action")
    {
        Description = "What to do with a silo: kill or stop it and start a new one, join (add one that leaves later), random, or roll (restart each "
            + "silo in turn).",
        HelpName = "kill|stop|join|random|roll",
        DefaultValueFactory = _ => "kill",
    }.OneOf([.. Enum.GetNames<DrillAction>().Select(static name => name.ToLowerInvariant())]);

    private static readonly Option<string> Clustering = new Option<string>("--clustering")
    {
        Description = "Database for the silos' membership. [default: postgres if installed, else redis if installed, else none, and the first silo is never ended]",
        HelpName = "postgres|redis",
    }.OneOf([.. Enum.GetNames<MembershipKind>().Select(static name => name.ToLowerInvariant())]);

    private static readonly Option<string?> Logs = new("--logs")
    {
        Description = "Keep the logs of the silo processes in DIR. [default: the logs are deleted]",
        HelpName = "DIR",
    };

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("drill", "Starts a cluster, kills, stops or adds silos while answers are generated, and compares every token with an undisturbed run.")
        {
            SharedOptions.Model, SharedOptions.Quant, Silos, Streams, Rounds, Action, Seed, Clustering, Logs, SharedOptions.Json,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        string folder = SharedOptions.ModelFolder(parsed);
        DrillPlan plan = new()
        {
            Folder = folder,
            Config = ModelConfig.Load(folder),
            Silos = parsed.GetValue(Silos) ?? 4,
            Streams = parsed.GetValue(Streams) ?? 8,
            Rounds = parsed.GetValue(Rounds) ?? 4,
            Seed = parsed.GetValue(Seed) ?? 1,
            Action = Enum.Parse<DrillAction>(parsed.GetValue(Action)!, ignoreCase: true),
            Membership = parsed.GetValue(Clustering) is { } kind ? Enum.Parse<MembershipKind>(kind, ignoreCase: true) : null,
            Logs = parsed.GetValue(Logs),
            Quant = ComputeSettings.Quant(parsed),
        };
        using InterruptHandler interrupt = new();
        TextWriter error = parsed.InvocationConfiguration.Error;
        int[][] expected;
        using (ModelRunner model = UndisturbedRun.Load(plan, interrupt.Token))
        {
            expected = await ShowAsync("Undisturbed run", error, progress => UndisturbedRun.RunAsync(plan, model, progress, interrupt.Token));
        }

        DrillReport report = await ShowAsync("Drill", error, progress => RunAsync(plan, expected, progress, interrupt.Token));

        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(DrillResult.Of(plan, report), JsonOutput.Readable.DrillResult));
        }
        else
        {
            DrillTable.Write(plan, report, output);
        }

        return report.Passed ? ExitCode.Success : ExitCode.Failure;
    }

    private static async Task<DrillReport> RunAsync(DrillPlan plan, int[][] expected, ProgressReport progress, CancellationToken cancellationToken)
    {
        await using DrillCluster cluster = await DrillCluster.CreateAsync(plan, cancellationToken);
        await Drill.StartAsync(plan, cluster, progress, TimeProvider.System, cancellationToken);
        return await Drill.RunAsync(plan, expected, cluster, progress, TimeProvider.System, cancellationToken);
    }

    // An interactive terminal gets a progress bar. A log gets a line for each new note.
    private static Task<T> ShowAsync<T>(string title, TextWriter error, Func<ProgressReport, Task<T>> work)
    {
        if (TerminalFeatures.IsInteractive)
        {
            return Task.FromResult(ProgressDisplay.Run(title, bytes: false, report => work(report).GetAwaiter().GetResult()));
        }

        return work((_, _, note) =>
        {
            if (note is not null)
            {
                error.WriteLine($"{title}: {note}");
            }
        });
    }

    private static Option<int?> Count(string name, int defaultValue, int most, string description) =>
        new Option<int?>(name) { Description = $"{description} [default: {defaultValue}]", HelpName = "N" }.InRange(1, most);
}
