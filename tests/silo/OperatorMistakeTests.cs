using System.Net;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>What an operator mistypes ends with one message that says what is wrong, and the cluster does not notice.</summary>
public sealed class OperatorMistakeTests
{
    [Fact]
    public async Task Of_two_silos_of_one_name_that_are_started_at_once_one_joins_and_the_other_says_why_it_does_not()
    {
        await using TestSilo first = Start("first");
        await first.SeesAsync(1);
        string[] join = ["--primary-endpoint", $"127.0.0.1:{first.SiloPort}"];
        for (int round = 0; round < 2; round++)
        {
            await using TestSilo one = Start("twin", join);
            await using TestSilo other = Start("twin", join);
            Task<int> oneEnds = one.ExitAsync(), otherEnds = other.ExitAsync();
            Task<int> ended = await Task.WhenAny(oneEnds, otherEnds);
            (TestSilo refused, TestSilo joined) = ended == oneEnds ? (one, other) : (other, one);
            Assert.Equal(1, await ended);
            Assert.Contains($"The silo ended: A silo named twin is running already at 127.0.0.1:{joined.SiloPort}", refused.Output, StringComparison.Ordinal);
            await joined.SeesAsync(2);
            joined.Terminate();
            await Task.WhenAll(oneEnds, otherEnds);
            await first.SeesAsync(1);
        }
    }

    [Fact]
    public async Task A_taken_name_or_port_and_a_wrong_address_end_with_one_message_and_the_cluster_goes_on()
    {
        await using TestSilo first = Start("first");
        await first.SeesAsync(1);
        string[] join = ["--primary-endpoint", $"127.0.0.1:{first.SiloPort}"];
        await using TestSilo second = Start("second", join);
        await second.SeesAsync(2);
        (string[] Flags, string Message)[] mistakes =
        [
            (["--name", "second"], $"A silo named second is running already at 127.0.0.1:{second.SiloPort}; allowed: a name (--name) that no other silo of cluster hunyuan has."),
            (["--name", "third", "--silo-port", $"{second.SiloPort}"], $"Port {second.SiloPort} (--silo-port) is in use on 127.0.0.1"),
            (["--name", "third", "--gateway-port", $"{second.GatewayPort}"], $"Port {second.GatewayPort} (--gateway-port) is in use on 127.0.0.1"),
            (["--name", "third", "--urls", $"http://127.0.0.1:{second.HttpPort}"], $"Port {second.HttpPort} (--urls) is in use on 127.0.0.1"),
        ];
        foreach ((string[] flags, string message) in mistakes)
        {
            await using TestSilo refused = Start("third", [.. join, .. flags]);
            Assert.Equal(1, await refused.ExitAsync());
            string[] lines = [.. refused.Output.Split('\n').Where(line => line.Contains(message, StringComparison.Ordinal))];
            Assert.Equal($"The silo ended: {message}", Assert.Single(lines)[..(16 + message.Length)]);
            Assert.Equal(lines[0], refused.Output.Split('\n')[^1]);
            Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
        }

        await second.WaitAsync("/health/ready", HttpStatusCode.OK, "active, 2 in the cluster");
        Assert.DoesNotContain("third", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Polly", first.Output, StringComparison.Ordinal);

        (string[] Arguments, string Message)[] wrongAddresses =
        [
            ([$"127.0.0.1:{first.SiloPort}"], $"127.0.0.1:{first.SiloPort} is the silo port of a silo of cluster hunyuan, which only silos use."),
            ([$"127.0.0.1:{first.HttpPort}"], $"127.0.0.1:{first.HttpPort} is an HTTP port."),
            (["127.0.0.1:1"], "Nothing listens at 127.0.0.1:1."),
            ([$"127.0.0.1:{first.GatewayPort}", "--cluster-id", "other"], $"The silo at 127.0.0.1:{first.GatewayPort} belongs to cluster hunyuan, not to cluster other"),
        ];
        foreach ((string[] arguments, string message) in wrongAddresses)
        {
            (int exitCode, string output) = await TestCommand.RunAsync(["generate", "--prompt", "x", "--max-tokens", "1", "--cluster", .. arguments]);
            Assert.True(Assert.Single(output.Trim().Split('\n')).Contains(message, StringComparison.Ordinal), output);
            Assert.Equal(1, exitCode);
        }

        // Name and ports of a silo that was killed are free again.
        second.Kill();
        await second.ExitAsync();
        await using TestSilo again = Start("second", [.. join, "--silo-port", $"{second.SiloPort}", "--gateway-port", $"{second.GatewayPort}"]);
        await again.SeesAsync(2);
    }

    private static TestSilo Start(string name, params string[] flags) => TestSilo.Start(
        ["--name", name, "--model", TestPaths.DemoModel, "--memory", "1GB", "--threads", "1", "--pin-threads", "false", "--kv-tokens", "8192", .. flags]);
}
