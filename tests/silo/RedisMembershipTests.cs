using System.Net;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silo processes that find each other in a Redis database.</summary>
public sealed class RedisMembershipTests() : MembershipTests(MembershipKind.Redis, static () => new RedisServer(DrillHost.Loopback, Password))
{
    // Without a password, Redis would serve even clients whose login failed.
    private const string Password = "the-right-word";

    private protected override string RefusedConnectionString(string password) => $"127.0.0.1:{Server.Port},user=unknown,password={password}";

    [SkippableFact]
    public async Task A_wrong_or_missing_password_is_an_error_at_once_and_the_right_one_may_be_in_a_variable()
    {
        const string Wrong = "the-wrong-word";
        Server.Start();
        string address = $"127.0.0.1:{Server.Port}";
        await using TestSilo wrong = Start($"{address},password={Wrong}", null), missing = Start(address, null), right = Start(address, Password);
        await right.SeesAsync(1);
        foreach (TestSilo silo in (TestSilo[])[wrong, missing])
        {
            Assert.Equal(1, await silo.ExitAsync());
            Assert.Contains("The silo ended: The membership's database cannot be used", silo.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("waiting for up to", silo.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Wrong, wrong.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, right.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_command_finds_the_silos_through_their_Redis_server()
    {
        Skip.If(!RedisServer.IsInstalled, MembershipServer.Missing(MembershipKind.Redis));
        using RedisServer server = new(DrillHost.Loopback, Password);
        server.Start();
        await using TestSilo silo = TestSilo.Start(
            "--clustering", "redis", "--advertised-address", "127.0.0.1", "--connection-string", server.Membership.ConnectionString, "--name", "found-in-redis",
            "--model", TestPaths.DemoModel, "--memory", "1GB", "--threads", "1", "--pin-threads", "false");
        await silo.SeesAsync(1);
        (int exitCode, string output) = await TestCommand.RunAsync(
            ["top", "--once", "--cluster", $"redis:127.0.0.1:{server.Port}"], new Dictionary<string, string> { ["REDISCLI_AUTH"] = Password });
        Assert.True(exitCode == 0, output);
        Assert.Contains("found-in-redis", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    private static TestSilo Start(string connectionString, string? password) => TestSilo.Start(
        ["--clustering", "redis", "--advertised-address", IPAddress.Loopback.ToString(), "--connection-string", connectionString],
        password is null ? null : new Dictionary<string, string> { ["REDISCLI_AUTH"] = password });
}
