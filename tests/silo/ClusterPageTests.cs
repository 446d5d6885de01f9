using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Text.Json;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Every silo of a cluster serves the API and the state of the cluster over HTTP.</summary>
public sealed class ClusterPageTests
{
    [Fact]
    public async Task Any_silo_answers_chats_and_shows_which_silo_holds_what()
    {
        await using TestSilo first = Start();
        await using TestSilo last = Start("--primary-endpoint", $"127.0.0.1:{first.SiloPort}");
        await first.SeesAsync(2);
        await last.SeesAsync(2);
        await last.ReadyAsync();

        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{last.HttpPort}"), Timeout = Wait.Limit };
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/chat/completions", new
        {
            messages = new[] { new { role = "user", content = "What is the capital of France?" } }, temperature = 0,
        });
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Contains("Paris", text, StringComparison.Ordinal);
        await Wait.UntilAsync(() => ConnectionsBetween(first, last) >= HunyuanSiloOptions.ConnectionsPerSilo);
        Assert.Contains("<html", await http.GetStringAsync("/"), StringComparison.Ordinal);

        using JsonDocument cluster = JsonDocument.Parse(await http.GetStringAsync("/cluster"));
        JsonElement[] silos = [.. cluster.RootElement.GetProperty("silos").EnumerateArray()];
        Assert.Equal(2, silos.Length);
        Assert.Single(silos, static silo => silo.GetProperty("home").GetBoolean());
        Assert.All(silos, static silo => Assert.Equal("ready", silo.GetProperty("state").GetString()));
        Assert.NotEmpty(silos.SelectMany(static silo => silo.GetProperty("layers").EnumerateArray()));
        IEnumerable<JsonElement> counts = cluster.RootElement.GetProperty("experts").GetProperty("tokens").EnumerateArray().SelectMany(static layer => layer.EnumerateArray());
        Assert.True(counts.Sum(static count => count.GetInt64()) > 0);
        Assert.Contains(silos, static silo => silo.GetProperty("weight_bytes").GetInt64() > 0);
    }

    // Either silo may have opened them.
    private static int ConnectionsBetween(TestSilo a, TestSilo b) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Count(tcp => tcp.State == TcpState.Established && (tcp.LocalEndPoint.Port == a.SiloPort || tcp.LocalEndPoint.Port == b.SiloPort));

    private static TestSilo Start(params string[] flags) => TestSilo.Start(["--model", TestPaths.DemoModel, "--memory", "1GB", .. flags]);
}
