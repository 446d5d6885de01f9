using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Orleans.Hosting;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Calls are lost, late and repeated; no token is wrong.</summary>
public sealed class UnreliableTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Lost_late_and_repeated_calls_change_no_token()
    {
        string directory = Path.Combine(TestPaths.Data, "models", "tiny-cla");
        GenerationRequest[] requests = Prompts.Of(32, ModelConfig.Load(directory).VocabSize, 40);
        int[][][] expected = await Undisturbed.RunAsync(directory, ComputeMode.F32, requests);
        List<UnreliableCalls> filters = [];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            directory,
            3,
            change: (_, options) => options with { ExpertCallTimeout = TimeSpan.FromMilliseconds(500), StepProbeInterval = TimeSpan.FromMilliseconds(50) },
            more: (number, silo) =>
            {
                UnreliableCalls filter = new(number, 0.03);
                filters.Add(filter);
                silo.AddOutgoingGrainCallFilter(filter);
            });
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        int[][][] answers = await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r)));
        Assert.Equal(expected, answers);
        ModelReport report = await cluster.Model.ReportAsync();
        output.WriteLine($"{filters.Sum(f => f.Hits)} calls disturbed, {report.Retries} steps sent again, {report.Statistics.Replays} replays, {System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        Assert.NotEqual(0, filters.Sum(f => f.Hits));
    }
}
