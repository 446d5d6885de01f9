using System.Diagnostics;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>A client process that reads long answers until it is killed: this assembly, started as a program.</summary>
internal static class VanishingClient
{
    public const int Requests = 6;

    public static Process Start(ProcessCluster cluster)
    {
        ProcessStartInfo start = new(TestPaths.Dotnet);
        ClusterMembership membership = cluster.Cluster.Server!.Membership;
        foreach (string argument in (string[])
            [typeof(VanishingClient).Assembly.Location, membership.KindName, membership.ConnectionString, cluster.Cluster.Name, cluster.Plan.ModelName])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task Main(string[] args)
    {
        ClusterMembership membership = new(Enum.Parse<MembershipKind>(args[0], ignoreCase: true), args[1]);
        await using HunyuanClient client = await ClusterConnection.OpenAsync(membership, 0, args[2], default);
        await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => ReadAsync(client.Cluster, args[3], i)));
    }

    private static async Task ReadAsync(IClusterClient client, string model, int seed)
    {
        GenerationRequest request = new()
        {
            PromptIds = new[] { 5 + seed, 6, 7 },
            Sampling = new() { Temperature = 1, Seed = (ulong)seed },
            MaxTokens = 1500,
            IgnoreEos = true,
        };
        ResumingStream stream = new((spec, token) => client.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(spec, token), TimeProvider.System);
        await foreach (TokenBatch batch in stream.RunAsync(RequestSpec.Of(model, request, TimeSpan.FromMinutes(1))))
        {
            if (batch.Error is not null)
            {
                throw new InvalidOperationException(batch.Error);
            }
        }
    }
}
