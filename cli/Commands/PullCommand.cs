using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Pulling;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>pull: fetches a model from a hub, resuming what was begun and checking what came.</summary>
internal static class PullCommand
{
    private static readonly TimeSpan ShowEvery = TimeSpan.FromSeconds(0.5), LogEvery = TimeSpan.FromSeconds(10);

    private static readonly Argument<string> Model = new("OWNER/NAME[@REVISION]")
    {
        Description = "The model; without a revision its branch main.",
    };

    private static readonly Option<string[]> Include = new("--include")
    {
        Description = "Pull only files that match; * and ? as in a shell, * also over slashes. May be given several times.",
        HelpName = "PATTERN",
    };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "Folder to write to. [default: the model's name, here]",
        HelpName = "DIR",
    };

    private static readonly Option<int?> Parallel = new Option<int?>("--parallel")
    {
        Description = "Most files at once.",
        DefaultValueFactory = _ => 4,
        HelpName = "N",
    }.InRange(1, 64);

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "pull", $"Fetches a model from a Hugging Face hub, given by {HubEndpoint.AddressVariable}, with the token in {HubEndpoint.TokenVariable}.")
        {
            Model, Include, To, Parallel, SharedOptions.Json,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        HubReference reference = HubReference.Parse(parsed.GetRequiredValue(Model));
        string to = Path.GetFullPath(parsed.GetValue(To) ?? reference.Name);
        TextWriter error = parsed.InvocationConfiguration.Error;
        PullSettings settings = new(parsed.GetValue(Parallel)!.Value);
        long began = settings.Time.GetTimestamp();
        using InterruptHandler interrupt = new();
        // A bar and lines beside it would garble each other.
        using ModelPull run = new(HubEndpoint.FromEnvironment(), reference, settings, problem =>
        {
            if (!TerminalFeatures.IsInteractive)
            {
                error.WriteLine(problem);
            }
        });
        HubSnapshot snapshot = await run.ListAsync(parsed.GetValue(Include) ?? [], interrupt.Token);
        PullProgressTracker tracker = new(snapshot.Files.Count, snapshot.Files.Sum(static file => file.Size), settings.Time);
        await ProgressDisplay.RunAsync("Pulling", bytes: true, async report =>
        {
            Task pulling = run.RunAsync(snapshot, to, tracker, interrupt.Token);
            await WatchAsync(pulling, tracker, report, error, settings.Time);
            await pulling;
        });
        double seconds = settings.Time.GetElapsedTime(began).TotalSeconds;
        Write(parsed, new(reference.Repository, snapshot.Commit, to, snapshot.Files.Count, snapshot.Files.Sum(static file => file.Size), tracker.ReceivedBytes, Math.Round(seconds, 3)));
        return ExitCode.Success;
    }

    private static async Task WatchAsync(Task pulling, PullProgressTracker tracker, ProgressReport report, TextWriter error, TimeProvider time)
    {
        using PeriodicTimer timer = new(TerminalFeatures.IsInteractive ? ShowEvery : LogEvery, time);
        Task<bool> tick = Task.FromResult(true);
        do
        {
            PullProgress progress = tracker.GetProgress();
            report(progress.Done, progress.Total, progress.Note);
            if (!TerminalFeatures.IsInteractive && tick.IsCompleted && progress.Done < progress.Total && tracker.ReceivedBytes > 0)
            {
                error.WriteLine(progress.Line);
            }

            tick = timer.WaitForNextTickAsync().AsTask();
        }
        while (await Task.WhenAny(pulling, tick) == tick);
    }

    private static void Write(ParseResult parsed, PullResult result)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        output.WriteLine(parsed.GetValue(SharedOptions.Json)
            ? JsonSerializer.Serialize(result, JsonOutput.Readable.PullResult)
            : $"{result.To}: {result.Files} files, {Units.Bytes(result.Bytes)}, of {result.Repository} at {result.Commit}; {Units.Bytes(result.ReceivedBytes)} came in {result.Seconds:0.0} s");
    }
}
