using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>Validation of the client's options, and connections that the program has already.</summary>
[Collection(nameof(DemoCluster))]
public sealed class OptionsTests(DemoCluster demo)
{
    [Theory]
    [InlineData("none", "exactly one", "Gateways")]
    [InlineData("two", "Gateways and Postgres", "exactly one")]
    [InlineData("no port", "\"silo-1\"", "HOST:PORT")]
    [InlineData("port", "\"silo-1:70000\"", "HOST:PORT")]
    [InlineData("colons", "\"::1:30000\"", "HOST:PORT")]
    [InlineData("empty", "Postgres", "some text")]
    [InlineData("deadline", "Deadline", "one day")]
    [InlineData("timeout", "ResponseTimeout", "16 s")]
    public async Task Wrong_options_are_refused_with_what_is_allowed(string fault, string first, string second)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHunyuanClient(options => Set(options, fault));
        using IHost host = builder.Build();
        OptionsValidationException atStart = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(first, atStart.Message, StringComparison.Ordinal);
        Assert.Contains(second, atStart.Message, StringComparison.Ordinal);

        HunyuanException withoutHost = await Assert.ThrowsAsync<HunyuanException>(() => HunyuanClient.ConnectAsync(options => Set(options, fault)));
        Assert.Equal(atStart.Message, withoutHost.Message);
    }

    [Fact]
    public void Options_can_be_configured_apart_from_the_registration()
    {
        ServiceCollection services = new();
        services.AddHunyuanClient(static options => options.Gateways.Add("127.0.0.1:30000"));
        services.Configure<HunyuanClientOptions>(static options => options.ResponseTimeout = TimeSpan.FromSeconds(20));
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(TimeSpan.FromSeconds(20), provider.GetRequiredService<IOptions<ClientMessagingOptions>>().Value.ResponseTimeout);
        Assert.Equal("gwy.tcp://127.0.0.1:30000/0", provider.GetRequiredService<IOptions<StaticGatewayListProviderOptions>>().Value.Gateways.Single().ToString());
    }

    [Fact]
    public async Task An_address_set_apart_from_the_registration_is_refused()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHunyuanClient(static _ => { });
        builder.Services.Configure<HunyuanClientOptions>(static options => options.Gateways.Add("127.0.0.1:30000"));
        using IHost host = builder.Build();
        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("Gateways is set, but not by the delegate of AddHunyuanClient", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_of_the_program_is_used_and_left_open()
    {
        IClusterClient cluster = demo.Cluster.Silos.Client;
        await using (ServiceProvider services = new ServiceCollection().AddHunyuanClient(options => options.ClusterClient = cluster).BuildServiceProvider())
        {
            Assert.Same(services.GetRequiredService<HunyuanClient>(), services.GetRequiredService<IChatClient>());
            Assert.NotEmpty(await services.GetRequiredService<HunyuanClient>().EncodeAsync("x"));
        }

        ServiceCollection registered = new();
        registered.AddSingleton(cluster);
        registered.AddHunyuanClient(options => options.Model = TestModel.Demo);
        ServiceProvider found = registered.BuildServiceProvider();
        Assert.Same(cluster, found.GetRequiredService<HunyuanClient>().Cluster);
        Assert.NotEmpty(await found.GetRequiredService<HunyuanClient>().EncodeAsync("x"));
    }

    [Fact]
    public async Task A_cluster_that_cannot_be_reached_is_reported_in_one_line()
    {
        HunyuanException failure = await Assert.ThrowsAnyAsync<HunyuanException>(() => HunyuanClient.ConnectAsync(options =>
        {
            options.Gateways.Add("127.0.0.1:1");
            options.ConnectTimeout = TimeSpan.FromSeconds(1);
        }));
        Assert.StartsWith("The cluster cannot be reached at 127.0.0.1:1: ", failure.Message, StringComparison.Ordinal);
    }

    private static void Set(HunyuanClientOptions options, string fault)
    {
        if (fault is not ("none" or "empty"))
        {
            options.Gateways.Add(fault switch { "no port" => "silo-1", "port" => "silo-1:70000", "colons" => "::1:30000", _ => "127.0.0.1:30000" });
        }

        switch (fault)
        {
            case "two":
                options.Postgres = "Host=localhost";
                break;
            case "empty":
                options.Postgres = " ";
                break;
            case "deadline":
                options.Deadline = TimeSpan.Zero;
                break;
            case "timeout":
                options.ResponseTimeout = TimeSpan.FromSeconds(5);
                break;
        }
    }
}
