using HunyuanOrleans.Client.Tests.Examples;
using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>The README's example of a .NET program is compiled code, and it runs.</summary>
[Collection(nameof(DemoCluster))]
public sealed class ReadmeTests(DemoCluster demo)
{
    [Fact]
    public void The_example_is_in_the_README()
    {
        string[] source = File.ReadAllLines(Path.Combine(TestPaths.Root, "tests", "client", "Examples", "ReadmeExample.cs"));
        string network = source.Single(static line => line.Contains("Gateways.Add", StringComparison.Ordinal)).Trim();
        IEnumerable<string> body = source.SkipWhile(static line => line.Trim() != "// begin").Skip(1).TakeWhile(static line => line.Trim() != "// end");
        string[] expected =
        [
            .. source.TakeWhile(static line => line.StartsWith("using ", StringComparison.Ordinal)),
            "",
            $"Action<HunyuanClientOptions> cluster = {network}",
            .. body.Select(static line => line[8..]),
        ];
        string readme = File.ReadAllText(Path.Combine(TestPaths.Root, "README.md")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{string.Join('\n', expected)}\n```\n", readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_example_answers()
    {
        await using StringWriter output = new();
        await ReadmeExample.RunAsync(options => options.ClusterClient = demo.Cluster.Silos.Client, output);
        Assert.StartsWith("法国的首都是巴黎。", output.ToString(), StringComparison.Ordinal);
        Assert.True(output.ToString().Length > "法国的首都是巴黎。".Length);
    }

    [Fact]
    public void The_example_connects_to_a_gateway()
    {
        using ServiceProvider services = new ServiceCollection().AddHunyuanClient(ReadmeExample.Network).BuildServiceProvider();
        Assert.Equal("127.0.0.1:30000", services.GetRequiredService<IOptions<HunyuanClientOptions>>().Value.ClusterAddress);
    }
}
