using System.Reflection;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Client;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.TestSupport;
using Orleans;
using Orleans.Configuration;
using Orleans.Core.Internal;
using Orleans.Hosting;
using Orleans.Runtime;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>A client that knows the grains of silos calls all of them through the gateways of silo processes, in its own name and in others'.</summary>
[Collection(nameof(ProcessTests))]
public sealed class HostileClientTests(PostgresProcessCluster cluster, ITestOutputHelper output)
{
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(5);

    [SkippableFact]
    public async Task Every_method_that_is_not_for_clients_is_refused()
    {
        await cluster.StartAsync(output);
        await using HunyuanClient connection = await OpenAsync();
        Dictionary<Type, string> keys = await KeysAsync();
        MethodInfo[] closed = [.. GrainMethods.All.Where(static method => !method.IsDefined(typeof(ClientCallableAttribute)))];
        Assert.NotEmpty(closed);
        foreach (MethodInfo method in closed)
        {
            IAddressable grain = connection.Cluster.GetGrain(method.DeclaringType!, keys[method.DeclaringType!]);
            await AssertRefusedAsync(() => GrainMethods.CallAsync(grain, method), $"{method.DeclaringType!.Name}.{method.Name}");
        }

        await cluster.DrillAsync(cluster.Plan with { Rounds = 0 }, output);
    }

    [SkippableFact]
    public async Task The_grains_of_Orleans_are_closed()
    {
        await cluster.StartAsync(output);
        await using HunyuanClient connection = await OpenAsync();
        IManagementGrain management = connection.Cluster.GetGrain<IManagementGrain>(0);
        await AssertRefusedAsync(() => management.ForceActivationCollection(TimeSpan.Zero), "IManagementGrain.ForceActivationCollection");
        await AssertRefusedAsync(() => management.GetHosts(), "IManagementGrain.GetHosts");
        IGrainManagementExtension model = connection.Cluster.GetGrain<IModelGrain>(cluster.Plan.ModelName).AsReference<IGrainManagementExtension>();
        await AssertRefusedAsync(() => model.DeactivateOnIdle().AsTask(), "IGrainManagementExtension.DeactivateOnIdle");
    }

    [SkippableTheory]
    [InlineData("hunyuan-ai")]
    [InlineData("sys.svc.is")]
    public async Task A_source_that_is_no_client_ends_the_connection(string source)
    {
        await cluster.StartAsync(output);
        ForgedBytes forgery = new("sys.client", source) { SkipsIntroduction = true };
        await using HunyuanClient connection = await OpenAsync(forgery);
        (string silo, long bytes) = await HeldAsync();
        ModelReport report = await ReportAsync();
        ISiloGrain grain = connection.Cluster.GetGrain<ISiloGrain>(PinnedKey.OfSilo(silo).ToString());
        forgery.Enabled = true;
        await Assert.ThrowsAnyAsync<Exception>(() => grain.RetainAsync(cluster.Plan.ModelName, report.Epoch, report.Version, []));
        Assert.True(forgery.Count > 0);
        Assert.Equal((silo, bytes), await HeldAsync());
        await cluster.DrillAsync(cluster.Plan with { Rounds = 0 }, output);
    }

    [SkippableFact]
    public async Task A_client_cannot_connect_in_the_name_of_a_silos_own_client()
    {
        await cluster.StartAsync(output);
        ForgedBytes forgery = new(null, "hosted-S127.0.0.1:1111:123456789") { Enabled = true };
        using CancellationTokenSource enough = new();
        Task connecting = Assert.ThrowsAnyAsync<Exception>(async () => await (await OpenAsync(forgery, enough.Token)).DisposeAsync());

        // A client that nobody answers fails too, so that the connection was closed is seen in the silo alone.
        await Wait.UntilAsync(() => cluster.ReadLogs().Contains("closed: it introduced itself with a name that is no client's", StringComparison.Ordinal));
        await enough.CancelAsync();
        await connecting;
        Assert.True(forgery.Count > 0);
    }

    private static async Task AssertRefusedAsync(Func<Task> call, string method)
    {
        CallRefusedException refused = await Assert.ThrowsAsync<CallRefusedException>(call);
        Assert.Equal($"Clients may not call {method}. They may call request and text grains, and the reports of models and silos.", refused.Message);
        Assert.DoesNotContain("HunyuanOrleans.Grains", refused.ToString(), StringComparison.Ordinal);
    }

    private Task<HunyuanClient> OpenAsync(ForgedBytes? forgery = null, CancellationToken cancellationToken = default) =>
        ClusterConnection.OpenAsync(cluster.Cluster.Server!.Membership, 0, cluster.Cluster.Name, cancellationToken, client =>
        {
            if (forgery is not null)
            {
                client.Configure<ClientMessagingOptions>(static o => o.ResponseTimeout = ShortTimeout);
                client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(forgery.Configure));
            }
        });

    private Task<ModelReport> ReportAsync() => cluster.Cluster.Grains.GetGrain<IModelGrain>(cluster.Plan.ModelName).ReportAsync();

    /// <summary>A silo that computes, and the bytes of weights that it holds.</summary>
    private async Task<(string Silo, long Bytes)> HeldAsync()
    {
        string silo = PinnedKey.Parse((await ReportAsync()).Stages[0]).Silo;
        SiloReport report = await cluster.Cluster.Grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(silo).ToString()).ReportAsync();
        Assert.True(report.Models[0].WeightBytes > 0);
        return (silo, report.Models[0].WeightBytes);
    }

    private async Task<Dictionary<Type, string>> KeysAsync()
    {
        ModelReport report = await ReportAsync();
        return new Dictionary<Type, string>
        {
            [typeof(IModelGrain)] = cluster.Plan.ModelName,
            [typeof(ISiloGrain)] = PinnedKey.OfSilo(report.Silos[0]).ToString(),
            [typeof(IAttentionShardGrain)] = report.Stages[0],
            [typeof(IRouterGrain)] = report.Stages[0],
            [typeof(IKvCacheGrain)] = PinnedKey.Parse(report.Stages[0]).WithSession(0).ToString(),
            [typeof(IExpertGroupGrain)] = report.Groups[0],
        };
    }
}
