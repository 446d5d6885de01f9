using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Web.Tests;

/// <summary>
/// Runs all cases once, with five servers (one that echoes, one that also reasons, one with adapters, one that requires a key, one with the demo model), a
/// browser, and a script that writes one line per case.
/// </summary>
public sealed class PageRun : IAsyncLifetime
{
    private const string Key = "sk-0123456789abcdef";

    /// <summary>What is missing on this machine; null if nothing is.</summary>
    public string? Missing { get; private set; }

    /// <summary>The result of each case: "ok" or the error.</summary>
    public IReadOnlyDictionary<string, string> Results { get; private set; } = new Dictionary<string, string>();

    /// <summary>The script's output.</summary>
    public string Output { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Browser browser = await Browser.FindAsync();
        Missing = browser.Missing;
        if (Missing is not null)
        {
            return;
        }

        await using TestServer echo = await EchoAsync(_ => { });
        await using TestServer thinking = await EchoAsync(_ => { }, reasons: true);
        await using TestServer adapted = await EchoAsync(_ => { }, adapters: new EchoAdapters("legal", "<b>terse</b>"));
        await using TestServer keyed = await EchoAsync(options => options.Keys.Add(
            new ApiKeyOptions { Name = "test", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key))) }));
        await using TestServer demo = await TestServer.StartAsync();
        string pictures = Path.Combine(TestPaths.Root, "artifacts", "page");
        Directory.CreateDirectory(pictures);
        string given = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["echo"] = Url(echo), ["thinking"] = Url(thinking), ["adapted"] = Url(adapted), ["keyed"] = Url(keyed), ["key"] = Key, ["demo"] = Url(demo),
            ["pictures"] = pictures, ["chromium"] = browser.Program,
        });
        Output = await browser.RunAsync(Path.Combine(TestPaths.Root, "tests", "web", "scripts"), given);
        Results = Output.Split('\n').Where(line => line.StartsWith("case ", StringComparison.Ordinal))
            .Select(line => line.Split(' ', 3)).ToDictionary(words => words[1], words => words[2]);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private static async Task<TestServer> EchoAsync(Action<ServerOptions> configure, bool reasons = false, EchoAdapters? adapters = null)
    {
        TestServer server = await TestServer.StartEmptyAsync(configure, services => services.AddSingleton<IClusterOverview, ThreeSilos>());
        server.Services.GetRequiredService<ModelSlot>().Set(new EchoGenerator(reasons, adapters).Served);
        return server;
    }

    private static string Url(TestServer server) => server.Address.ToString().TrimEnd('/');
}
