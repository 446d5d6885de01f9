using HunyuanOrleans.Silo.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Processes that find each other in a PostgreSQL database.</summary>
public sealed class PostgresClusterTests
{
    [SkippableFact]
    public async Task Silos_form_a_cluster_lose_a_member_and_end_in_order()
    {
        SkipWithoutServer();
        using PostgresServer server = new();
        // They start before their database does, and both find it without tables.
        await using SiloProcess first = Start(server), second = Start(server);
        server.Start();
        await first.SeesAsync(2);
        await second.SeesAsync(2);

        await using SiloProcess third = Start(server);
        await first.SeesAsync(3);
        third.Kill();
        await first.SeesAsync(2);
        await second.SeesAsync(2);

        second.Terminate();
        Assert.Equal(0, await second.ExitAsync());
        await first.SeesAsync(1);
        first.Terminate();
        Assert.Equal(0, await first.ExitAsync());
    }

    [SkippableFact]
    public async Task A_cluster_that_was_killed_as_a_whole_comes_back()
    {
        SkipWithoutServer();
        using PostgresServer server = new();
        server.Start();
        await using (SiloProcess first = Start(server), second = Start(server))
        {
            await first.SeesAsync(2);
            first.Kill();
            second.Kill();
        }

        await using SiloProcess next = Start(server);
        await next.SeesAsync(1);
    }

    [SkippableFact]
    public async Task Clusters_of_other_names_stay_apart()
    {
        SkipWithoutServer();
        using PostgresServer server = new();
        server.Start();
        await using SiloProcess one = Start(server, "--cluster-id", "one"), other = Start(server, "--cluster-id", "other");
        await one.SeesAsync(1);
        await other.SeesAsync(1);
        await one.SeesAsync(1);
    }

    [SkippableFact]
    public async Task A_database_that_refuses_is_an_error_at_once()
    {
        SkipWithoutServer();
        using PostgresServer server = new();
        server.Start();
        await using SiloProcess silo = SiloProcess.Start(
            "--clustering", "postgres", "--connection-string", server.ConnectionString.Replace("Username=postgres", "Username=nobody-knows", StringComparison.Ordinal));
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Contains("The silo ended: The membership's database cannot be used", silo.Output);
    }

    private static SiloProcess Start(PostgresServer server, params string[] flags) => SiloProcess.Start(
        ["--clustering", "postgres", "--advertised-address", "127.0.0.1", "--stale-after", "3", .. flags],
        new Dictionary<string, string> { ["HUNYUAN_CONNECTION_STRING"] = server.ConnectionString });

    private static void SkipWithoutServer()
    {
        Skip.If(PostgresServer.Missing is not null, PostgresServer.Missing);
    }
}
