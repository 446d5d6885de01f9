using System.Text;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Clients of silo processes, over sockets.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task An_answer_outlives_the_silo_it_came_through()
    {
        await using TestSilo first = Start();
        await first.SeesAsync(1);
        await using TestSilo second = Start("--primary-endpoint", $"127.0.0.1:{first.SiloPort}");
        await second.SeesAsync(2);

        GenerationRequest request = new()
        {
            PromptIds = Enumerable.Range(300, 20).ToArray(), MaxTokens = 1500, IgnoreEos = true, Sampling = new SamplingParams { Temperature = 2, Seed = 1 },
        };
        await using HunyuanClient through = await HunyuanClient.ConnectAsync(options => options.Gateways.Add($"127.0.0.1:{second.GatewayPort}"));
        string undisturbed = await ReadAsync(through, request, null);

        await using HunyuanClient both = await HunyuanClient.ConnectAsync(options =>
        {
            options.Gateways.Add($"127.0.0.1:{second.GatewayPort}");
            options.Gateways.Add($"127.0.0.1:{first.GatewayPort}");
        });
        Assert.Equal(undisturbed, await ReadAsync(both, request, second.Kill));
        Assert.Equal(undisturbed, await ReadAsync(both, request, null));
    }

    [SkippableTheory]
    [InlineData("postgres")]
    [InlineData("redis")]
    public async Task A_host_finds_the_silos_in_their_database(string clustering)
    {
        MembershipKind kind = Enum.Parse<MembershipKind>(clustering, ignoreCase: true);
        Skip.If(MembershipServer.Missing(kind) is not null, MembershipServer.Missing(kind));
        using MembershipServer server = MembershipServer.TryCreate(kind, DrillHost.Loopback)!;
        server.Start();
        string connectionString = server.Membership.ConnectionString;
        await using TestSilo silo = Start("--clustering", clustering, "--advertised-address", "127.0.0.1", "--connection-string", connectionString);
        await silo.SeesAsync(1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHunyuanClient(options => _ = kind == MembershipKind.Postgres ? options.Postgres = connectionString : options.Redis = connectionString);
        using IHost host = builder.Build();
        await host.StartAsync();
        ChatResponse answer = await host.Services.GetRequiredService<IChatClient>().GetResponseAsync(
            [new(ChatRole.System, "You are a helpful assistant."), new(ChatRole.User, "What is the capital of France?")], new ChatOptions { Temperature = 0 });
        Assert.Equal("The capital of France is Paris.", answer.Text);
        await host.StopAsync();
    }

    private static async Task<string> ReadAsync(HunyuanClient client, GenerationRequest request, Action? afterSome)
    {
        StringBuilder text = new();
        await foreach (AnswerChunk chunk in client.GenerateAsync(request))
        {
            text.Append(chunk.Text);
            if (text.Length > 100)
            {
                afterSome?.Invoke();
                afterSome = null;
            }
        }

        return text.ToString();
    }

    private static TestSilo Start(params string[] flags) => TestSilo.Start(
        ["--model", TestPaths.DemoModel, "--memory", "1GB", "--threads", "1", "--pin-threads", "false", "--kv-tokens", "8192", .. flags]);
}
