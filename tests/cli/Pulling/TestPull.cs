using System.Collections.Concurrent;
using HunyuanOrleans.Cli.Pulling;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>Pulls acme/tiny from a test hub in this process. Delays between attempts are recorded instead of waited for.</summary>
internal sealed class TestPull(string url, string? token = null)
{
    public ConcurrentQueue<TimeSpan> Delays { get; } = new();

    public ConcurrentQueue<string> Warnings { get; } = new();

    public int Parallel { get; init; } = 2;

    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The progress of the latest pull.</summary>
    public PullProgressTracker? Progress { get; private set; }

    public async Task RunAsync(string to, params string[] include)
    {
        PullSettings settings = new(Parallel)
        {
            StallTimeout = StallTimeout,
            Delay = (wait, _) =>
            {
                Delays.Enqueue(wait);
                return Task.CompletedTask;
            },
        };
        using ModelPull run = new(HubEndpoint.Of(url, token), HubReference.Parse("acme/tiny"), settings, Warnings.Enqueue);
        HubSnapshot snapshot = await run.ListAsync(include, CancellationToken.None);
        Progress = new(snapshot.Files.Count, snapshot.Files.Sum(static file => file.Size), TimeProvider.System);
        await run.RunAsync(snapshot, to, Progress, CancellationToken.None);
    }
}
