using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Pulling;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>pull</c>: downloads a model from a hub, resumes interrupted downloads, and verifies every file.</summary>
internal static class PullCommand
{
    private static readonly TimeSpan DisplayInterval = TimeSpan.FromSeconds(0.5), LogInterval = TimeSpan.FromSeconds(10);

    private static readonly Argument<string> Model = new("OWNER/NAME[@REVISION]")
    {
        Description = "The model. Without a revision, the branch main is pulled.",
    };

    private static readonly Option<string[]> Include = new("--include")
    {
        Description = "Pull only files that match the pattern. * stands for any characters, including slashes, and ? for one. May be given several times.",
        HelpName = "PATTERN",
    };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "The folder to write to. [default: a folder with the model's name in the current one]",
        HelpName = "DIR",
    };

    private static readonly Option<int?> Parallel = new Option<int?>("--parallel")
    {
        Description = "Download at most N files at the same time.",
        DefaultValueFactory = _ => 4,
        HelpName = "N",
    }.InRange(1, 64);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "pull",
            $"Downloads a model from Hugging Face, or from the hub in {HubEndpoint.AddressVariable}, with the access token in {HubEndpoint.TokenVariable}.")
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
        // Messages are shown only without a progress bar, because both would overwrite each other.
        using ModelPull run = new(HubEndpoint.FromEnvironment(), reference, settings, warning =>
        {
            if (!TerminalFeatures.IsInteractive)
            {
                error.WriteLine(warning);
            }
        });
        HubSnapshot snapshot = await run.ListAsync(parsed.GetValue(Include) ?? [], interrupt.Token);
        PullProgressTracker tracker = new(snapshot.Files.Count, snapshot.Files.Sum(static file => file.Size), settings.Time);
        await ProgressDisplay.RunAsync("Pulling", bytes: true, async report =>
        {
            Task pulling = run.RunAsync(snapshot, to, tracker, interrupt.Token);
            await ShowProgressAsync(pulling, tracker, report, error, settings.Time);
            await pulling;
        });
        double seconds = settings.Time.GetElapsedTime(began).TotalSeconds;
        Write(parsed, new(reference.Repository, snapshot.Commit, to, snapshot.Files.Count, snapshot.Files.Sum(static file => file.Size), tracker.ReceivedBytes, Math.Round(seconds, 3)));
        return ExitCode.Success;
    }

    private static async Task ShowProgressAsync(Task pulling, PullProgressTracker tracker, ProgressReport report, TextWriter error, TimeProvider time)
    {
        using PeriodicTimer timer = new(TerminalFeatures.IsInteractive ? DisplayInterval : LogInterval, time);
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
            : $"{result.To}: {result.Files} files, {Units.Bytes(result.Bytes)}, of {result.Repository} at {result.Commit}; {Units.Bytes(result.ReceivedBytes)} received in {result.Seconds:0.0} s");
    }
}
