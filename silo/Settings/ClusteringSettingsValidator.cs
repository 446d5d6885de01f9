using System.Net;
using Npgsql;
using StackExchange.Redis;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>Validates <see cref="ClusteringSettings"/>.</summary>
public sealed class ClusteringSettingsValidator : SettingsValidator<ClusteringSettings>
{
    // The columns of the membership tables hold this many characters.
    private const int LongestName = 150;

    private protected override void Validate(ClusteringSettings s, SettingProblems problems)
    {
        bool given = !string.IsNullOrWhiteSpace(s.ConnectionString);
        problems.Require(given || s.Kind == ClusteringKind.Localhost, nameof(s.ConnectionString), s.ConnectionString,
            $"a connection string, as clustering is {s.Kind.ToString().ToLowerInvariant()}");
        problems.Require(!given || IsConnectionString(s), nameof(s.ConnectionString), "not readable",
            s.Kind == ClusteringKind.Redis
                ? "a connection string of StackExchange.Redis such as redis.example:6379,user=hunyuan"
                : "a connection string of Npgsql such as Host=db;Database=hunyuan;Username=hunyuan");
        problems.Require(string.IsNullOrEmpty(s.PrimaryEndpoint) || s.Kind == ClusteringKind.Localhost, nameof(s.PrimaryEndpoint), s.PrimaryEndpoint,
            "nothing unless clustering is localhost");
        problems.Require(string.IsNullOrEmpty(s.PrimaryEndpoint) || (IPEndPoint.TryParse(s.PrimaryEndpoint, out IPEndPoint? endpoint) && endpoint.Port > 0),
            nameof(s.PrimaryEndpoint), s.PrimaryEndpoint, "an address and a port such as 127.0.0.1:11111");
        problems.Require(s.ClusterId is { Length: > 0 and <= LongestName }, nameof(s.ClusterId), s.ClusterId, $"1 to {LongestName} characters");
        problems.Require(s.ServiceId is { Length: > 0 and <= LongestName }, nameof(s.ServiceId), s.ServiceId, $"1 to {LongestName} characters");
        problems.Require(s.ProbeTimeoutSeconds is >= 0.1 and <= 60, nameof(s.ProbeTimeoutSeconds), s.ProbeTimeoutSeconds, "0.1 to 60");
        problems.Require(s.MissedProbes is >= 1 and <= 100, nameof(s.MissedProbes), s.MissedProbes, "1 to 100");
        problems.Require(s.Votes is >= 1 and <= 10, nameof(s.Votes), s.Votes, "1 to 10");
        problems.Require(s.StaleAfterSeconds is >= 3 and <= 3600, nameof(s.StaleAfterSeconds), s.StaleAfterSeconds, "3 to 3600");
        problems.Require(s.JoinTimeoutSeconds is >= 1 and <= 3600, nameof(s.JoinTimeoutSeconds), s.JoinTimeoutSeconds, "1 to 3600");
    }

    // Neither the string nor the parser's message is shown: both may contain the password.
    private static bool IsConnectionString(ClusteringSettings s)
    {
        try
        {
            _ = s.Kind switch
            {
                ClusteringKind.Postgres => new NpgsqlConnectionStringBuilder(s.ConnectionString),
                ClusteringKind.Redis => ConfigurationOptions.Parse(s.ConnectionString!),
                _ => (object?)null,
            };
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            return false;
        }
    }
}
