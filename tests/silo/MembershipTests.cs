using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Silo.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silo processes that find each other in a database, whichever it is.</summary>
public abstract class MembershipTests : IDisposable
{
    private const string Secret = "a-secret-word";

    private readonly MembershipServer? _server;
    private readonly string? _missing;

    private protected MembershipTests(MembershipKind kind, Func<MembershipServer> create)
    {
        _missing = MembershipServer.Missing(kind);
        _server = _missing is null ? create() : null;
    }

    private protected MembershipServer Server
    {
        get
        {
            Skip.If(_missing is not null, _missing);
            return _server!;
        }
    }

    public void Dispose() => _server?.Dispose();

    [SkippableFact]
    public async Task Silos_form_a_cluster_lose_a_member_and_end_in_order()
    {
        // They start before their database does, and find it empty.
        await using TestSilo first = Start(), second = Start();
        Server.Start();
        await first.SeesAsync(2);
        await second.SeesAsync(2);

        await using TestSilo third = Start();
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
        Server.Start();
        await using (TestSilo first = Start(), second = Start())
        {
            await first.SeesAsync(2);
            first.Kill();
            second.Kill();
        }

        await using TestSilo next = Start();
        await next.SeesAsync(1);
    }

    [SkippableFact]
    public async Task Clusters_of_other_names_stay_apart()
    {
        Server.Start();
        await using TestSilo one = Start("--cluster-id", "one"), other = Start("--cluster-id", "other");
        await one.SeesAsync(1);
        await other.SeesAsync(1);
        await one.SeesAsync(1);
    }

    [SkippableFact]
    public async Task A_database_that_refuses_is_an_error_at_once()
    {
        Server.Start();
        await using TestSilo silo = TestSilo.Start("--clustering", Server.Membership.KindName, "--connection-string", RefusedConnectionString(Secret));
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Contains("The silo ended: The membership's database cannot be used", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("waiting for up to", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, silo.Output, StringComparison.Ordinal);
    }

    /// <summary>A connection string that the server refuses, with a password.</summary>
    private protected abstract string RefusedConnectionString(string password);

    // The join timeout is longer than the tests wait, so that a slow start of the database ends no silo.
    private TestSilo Start(params string[] flags) => TestSilo.Start(
        ["--clustering", Server.Membership.KindName, "--advertised-address", "127.0.0.1", "--stale-after", "3", "--join-timeout", "600", .. flags],
        new Dictionary<string, string> { ["HUNYUAN_CONNECTION_STRING"] = Server.Membership.ConnectionString });
}
