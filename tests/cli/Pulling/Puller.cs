using System.Collections.Concurrent;
using HunyuanOrleans.Cli.Pulling;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>Pulls acme/tiny from a test hub in this process, noting its pauses instead of waiting.</summary>
internal sealed class Puller(string url, string? token = null)
{
    public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

    public ConcurrentQueue<string> Told { get; } = new();

    public int Parallel { get; init; } = 2;

    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What was pulled.</summary>
    public PullMeter? Meter { get; private set; }

    public async Task RunAsync(string to, params string[] include)
    {
        PullSettings settings = new(Parallel)
        {
            Stall = Stall,
            Pause = (wait, _) =>
            {
                Pauses.Enqueue(wait);
                return Task.CompletedTask;
            },
        };
        using PullRun run = new(HubEndpoint.Of(url, token), HubReference.Parse("acme/tiny"), settings, Told.Enqueue);
        HubSnapshot snapshot = await run.ListAsync(include, CancellationToken.None);
        Meter = new(snapshot.Files.Count, snapshot.Files.Sum(static file => file.Size), TimeProvider.System);
        await run.RunAsync(snapshot, to, Meter, CancellationToken.None);
    }
}
