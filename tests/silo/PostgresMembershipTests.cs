using HunyuanOrleans.Cli.Drills;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silo processes that find each other in a PostgreSQL database.</summary>
public sealed class PostgresMembershipTests() : MembershipTests(MembershipKind.Postgres, static () => new PostgresServer(DrillHost.Loopback))
{
    private protected override string RefusedConnectionString(string password) =>
        Server.Membership.ConnectionString.Replace("Username=postgres", "Username=unknown", StringComparison.Ordinal) + $";Password={password}";
}
