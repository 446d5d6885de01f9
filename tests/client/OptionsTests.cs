using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Contracts;
using HunyuanOrleans.Model;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>Where a client is told the cluster is.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("none", "exactly one", "Gateways")]
    [InlineData("two", "Gateways and Postgres", "exactly one")]
    [InlineData("no port", "\"silo-1\"", "HOST:PORT")]
    [InlineData("port", "\"silo-1:70000\"", "HOST:PORT")]
    [InlineData("colons", "\"::1:30000\"", "HOST:PORT")]
    [InlineData("empty", "Postgres", "some text")]
    [InlineData("deadline", "Deadline", "one day")]
    [InlineData("impatient", "ResponseTimeout", "16 s")]
    public void Wrong_options_are_refused_with_what_is_allowed(string what, string first, string second)
    {
        HunyuanException refused = Assert.Throws<HunyuanException>(() => new ServiceCollection().AddHunyuanClient(options => Set(options, what)));
        Assert.Contains(first, refused.Message, StringComparison.Ordinal);
        Assert.Contains(second, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_of_the_program_is_used_and_left_open()
    {
        await using DemoCluster demo = await DemoCluster.StartAsync(silos: 1);
        IClusterClient cluster = demo.Cluster.Silos.Client;
        await using (ServiceProvider given = new ServiceCollection().AddHunyuanClient(options => options.ClusterClient = cluster).BuildServiceProvider())
        {
            Assert.Same(given.GetRequiredService<HunyuanClient>(), given.GetRequiredService<IChatClient>());
            Assert.NotEmpty(await given.GetRequiredService<HunyuanClient>().EncodeAsync("x"));
        }

        ServiceCollection services = new();
        services.AddSingleton(cluster);
        services.AddHunyuanClient(options => options.Model = DemoCluster.Model);
        ServiceProvider found = services.BuildServiceProvider();
        Assert.Same(cluster, found.GetRequiredService<HunyuanClient>().Cluster);
        Assert.NotEmpty(await found.GetRequiredService<HunyuanClient>().EncodeAsync("x"));
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_told_in_one_line()
    {
        HunyuanException fault = await Assert.ThrowsAnyAsync<HunyuanException>(() => HunyuanClient.ConnectAsync(options =>
        {
            options.Gateways.Add("127.0.0.1:1");
            options.ConnectTimeout = TimeSpan.FromSeconds(1);
        }));
        Assert.StartsWith("The cluster cannot be reached at 127.0.0.1:1: ", fault.Message, StringComparison.Ordinal);
    }

    private static void Set(HunyuanClientOptions options, string what)
    {
        if (what is not ("none" or "empty"))
        {
            options.Gateways.Add(what switch { "no port" => "silo-1", "port" => "silo-1:70000", "colons" => "::1:30000", _ => "127.0.0.1:30000" });
        }

        switch (what)
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
            case "impatient":
                options.ResponseTimeout = TimeSpan.FromSeconds(5);
                break;
        }
    }
}
