using System.Diagnostics;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using Orleans.Hosting;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Calls between silos are lost, delayed and repeated. No token is wrong.</summary>
public sealed class UnreliableCallsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Lost_late_and_repeated_calls_change_no_token()
    {
        TestModel model = new("tiny-cla");
        GenerationRequest[] requests = TestRequests.Create(32, model.VocabularySize, 40);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        UnreliableCalls[] filters = [.. Enumerable.Range(0, 3).Select(static number => new UnreliableCalls(number, 0.03))];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            filters.Length,
            model,
            static (_, options) => options with
            {
                ExpertCallTimeout = TimeSpan.FromMilliseconds(500),
                StepProbeInterval = TimeSpan.FromMilliseconds(50),
            },
            new ClusterSetup { FailsFast = true, ConfigureSilo = (number, silo) => silo.AddOutgoingGrainCallFilter(filters[number]) });
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        ModelReport report = await cluster.Model.ReportAsync();
        int disturbed = filters.Sum(static filter => filter.Disturbed);
        output.WriteLine(
            $"{disturbed} calls disturbed, {report.Retries} steps sent again, {report.Statistics.Replays} replays, {took.TotalSeconds:0.0} s");
        Assert.NotEqual(0, disturbed);
    }
}
