using System.Text;
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

/// <summary>Clients of silos that are processes, over sockets.</summary>
public sealed class ClientTests
{
    [SkippableFact]
    public async Task An_answer_outlives_the_silo_it_came_through()
    {
        await using SiloProcess first = Start();
        await first.SeesAsync(1);
        await using SiloProcess second = Start("--primary-endpoint", $"127.0.0.1:{first.SiloPort}");
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

    [SkippableFact]
    public async Task A_host_finds_the_silos_in_their_database()
    {
        Skip.If(PostgresServer.Missing is not null, PostgresServer.Missing);
        using PostgresServer server = new();
        server.Start();
        await using SiloProcess silo = Start("--clustering", "postgres", "--advertised-address", "127.0.0.1", "--connection-string", server.ConnectionString);
        await silo.SeesAsync(1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHunyuanClient(options => options.Postgres = server.ConnectionString);
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

    private static SiloProcess Start(params string[] flags) => SiloProcess.Start(
        ["--model", TestPaths.DemoModel, "--memory", "1GB", "--threads", "1", "--pin-threads", "false", "--kv-tokens", "8192", .. flags]);
}
