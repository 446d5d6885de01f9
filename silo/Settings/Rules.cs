using HunyuanOrleans.Model.Quantization;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>Checks the values of one settings class, and says what is wrong in words for whoever gave them.</summary>
/// <typeparam name="T">The class.</typeparam>
public abstract class Rules<T> : IValidateOptions<T> where T : class
{
    /// <summary>What is wrong; empty where nothing is.</summary>
    /// <param name="settings">The values.</param>
    public IReadOnlyList<string> Problems(T settings)
    {
        List<string> problems = [];
        Check(settings, (valid, property, value, allowed) =>
        {
            if (!valid)
            {
                problems.Add(SettingTable.Of(typeof(T), property).Problem(value, allowed));
            }
        });
        return problems;
    }

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, T options) =>
        Problems(options) is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;

    /// <summary>Tells <paramref name="check"/> of every value whether it is valid, its property's name, the value, and what is allowed.</summary>
    private protected abstract void Check(T settings, Action<bool, string, object?, string> check);
}

/// <summary>What <see cref="SiloSettings"/> may hold.</summary>
public sealed class SiloRules : Rules<SiloSettings>
{
    private protected override void Check(SiloSettings s, Action<bool, string, object?, string> check)
    {
        check(s.Model is null || File.Exists(Path.Combine(s.Model, "config.json")), nameof(s.Model), s.Model, "a folder with a model's config.json");
        check(s.ModelName is null || (s.ModelName.Trim().Length > 0 && s.ModelName.AsSpan().IndexOfAny('|', '@') < 0),
            nameof(s.ModelName), s.ModelName, "a name without | and @");
        check(string.IsNullOrEmpty(s.Quant) || QuantFormats.Names.Contains(s.Quant), nameof(s.Quant), s.Quant, string.Join(", ", QuantFormats.Names));
        check(DeviceNames.Contains(s.Device, StringComparer.OrdinalIgnoreCase), nameof(s.Device), s.Device, string.Join(", ", DeviceNames));
        check(s.Memory is null || Engine.Placement.MemorySize.Parse(s.Memory) is not null, nameof(s.Memory), s.Memory,
            $"an amount such as {Engine.Placement.MemorySize.Examples}");
        check(s.Threads is >= 0 and <= 1024, nameof(s.Threads), s.Threads, "0 to 1024");
        check(s.KvTokens is >= 32 and <= 1 << 30, nameof(s.KvTokens), s.KvTokens, "32 to 2^30");
        check(s.Kv.ToLowerInvariant() is "bf16" or "int8" or "fp8", nameof(s.Kv), s.Kv, "bf16, int8 or fp8");
        check(s.MaxBatchTokens is >= 1 and <= 65536, nameof(s.MaxBatchTokens), s.MaxBatchTokens, "1 to 65536");
        check(s.SiloPort is >= 1 and <= 65535, nameof(s.SiloPort), s.SiloPort, "1 to 65535");
        check(s.GatewayPort is >= 0 and <= 65535, nameof(s.GatewayPort), s.GatewayPort, "0 to 65535");
        check(s.GatewayPort != s.SiloPort, nameof(s.GatewayPort), s.GatewayPort, "another port than the silo port");
        check(UrlsAreHttp(s.Urls), nameof(s.Urls), s.Urls, "addresses such as http://127.0.0.1:8080, separated by semicolons");
        check(s.ShutdownGraceSeconds is >= 0.1 and <= 3600, nameof(s.ShutdownGraceSeconds), s.ShutdownGraceSeconds, "0.1 to 3600");
        check(s.ResponseTimeoutSeconds is >= 0.1 and <= 3600, nameof(s.ResponseTimeoutSeconds), s.ResponseTimeoutSeconds, "0.1 to 3600");
        check(s.StepDeadlineSeconds is >= 0.1 and <= 86400, nameof(s.StepDeadlineSeconds), s.StepDeadlineSeconds, "0.1 to 86400");
        check(s.RequestDeadlineSeconds is >= 0.1 and <= 86400 && s.RequestDeadlineSeconds > s.StepDeadlineSeconds,
            nameof(s.RequestDeadlineSeconds), s.RequestDeadlineSeconds, "0.1 to 86400, and more than the step deadline");
        check(s.SessionIdleSeconds is >= 1 and <= 864000, nameof(s.SessionIdleSeconds), s.SessionIdleSeconds, "1 to 864000");
        check(s.RebalanceSeconds is 0 or (>= 1 and <= 86400), nameof(s.RebalanceSeconds), s.RebalanceSeconds, "0, or 1 to 86400");
        check(string.IsNullOrEmpty(s.OtlpEndpoint) || IsHttp(s.OtlpEndpoint), nameof(s.OtlpEndpoint), s.OtlpEndpoint, "an address such as http://localhost:4317");
    }

    private static IReadOnlyList<string> DeviceNames => Engine.Placement.DeviceCatalog.Names;

    // Kestrel takes + and * for all addresses, which are no host names.
    private static bool UrlsAreHttp(string urls) =>
        urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } parts
        && parts.All(static url => IsHttp(url.Replace("://+", "://any", StringComparison.Ordinal).Replace("://*", "://any", StringComparison.Ordinal)));

    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}

/// <summary>What <see cref="ClusteringSettings"/> may hold.</summary>
public sealed class ClusteringRules : Rules<ClusteringSettings>
{
    // The columns of the membership tables are that long.
    private const int LongestName = 150;

    private protected override void Check(ClusteringSettings s, Action<bool, string, object?, string> check)
    {
        check(s.Kind == ClusteringKind.Localhost || !string.IsNullOrWhiteSpace(s.ConnectionString), nameof(s.ConnectionString), s.ConnectionString,
            $"a connection string, as clustering is {s.Kind.ToString().ToLowerInvariant()}");
        check(string.IsNullOrWhiteSpace(s.ConnectionString) || IsConnectionString(s), nameof(s.ConnectionString), "not readable",
            s.Kind == ClusteringKind.Redis ? "one of StackExchange.Redis such as redis.example:6379,user=hunyuan" : "one of Npgsql such as Host=db;Database=hunyuan;Username=hunyuan");
        check(string.IsNullOrEmpty(s.PrimaryEndpoint) || s.Kind == ClusteringKind.Localhost, nameof(s.PrimaryEndpoint), s.PrimaryEndpoint,
            "nothing unless clustering is localhost");
        check(string.IsNullOrEmpty(s.PrimaryEndpoint) || (System.Net.IPEndPoint.TryParse(s.PrimaryEndpoint, out var end) && end.Port > 0),
            nameof(s.PrimaryEndpoint), s.PrimaryEndpoint, "an address and a port such as 127.0.0.1:11111");
        check(s.ClusterId is { Length: > 0 and <= LongestName }, nameof(s.ClusterId), s.ClusterId, $"1 to {LongestName} characters");
        check(s.ServiceId is { Length: > 0 and <= LongestName }, nameof(s.ServiceId), s.ServiceId, $"1 to {LongestName} characters");
        check(s.ProbeTimeoutSeconds is >= 0.1 and <= 60, nameof(s.ProbeTimeoutSeconds), s.ProbeTimeoutSeconds, "0.1 to 60");
        check(s.MissedProbes is >= 1 and <= 100, nameof(s.MissedProbes), s.MissedProbes, "1 to 100");
        check(s.Votes is >= 1 and <= 10, nameof(s.Votes), s.Votes, "1 to 10");
        check(s.StaleAfterSeconds is >= 3 and <= 3600, nameof(s.StaleAfterSeconds), s.StaleAfterSeconds, "3 to 3600");
        check(s.JoinTimeoutSeconds is >= 1 and <= 3600, nameof(s.JoinTimeoutSeconds), s.JoinTimeoutSeconds, "1 to 3600");
    }

    // Neither the string nor the parser's message is shown: they may contain the password.
    private static bool IsConnectionString(ClusteringSettings s)
    {
        try
        {
            _ = s.Kind switch
            {
                ClusteringKind.Postgres => new Npgsql.NpgsqlConnectionStringBuilder(s.ConnectionString),
                ClusteringKind.Redis => StackExchange.Redis.ConfigurationOptions.Parse(s.ConnectionString!),
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

/// <summary>What <see cref="TlsSettings"/> may hold.</summary>
public sealed class TlsRules : Rules<TlsSettings>
{
    private protected override void Check(TlsSettings s, Action<bool, string, object?, string> check)
    {
        const string NeedsCertificate = "nothing without a certificate";
        foreach ((string property, string? path) in new[] { (nameof(s.Certificate), s.Certificate), (nameof(s.Key), s.Key), (nameof(s.Authority), s.Authority) })
        {
            check(string.IsNullOrEmpty(path) || File.Exists(path), property, path, "a PEM file that is there");
        }

        check(s.Enabled || string.IsNullOrEmpty(s.Key), nameof(s.Key), s.Key, NeedsCertificate);
        check(s.Enabled || string.IsNullOrEmpty(s.Authority), nameof(s.Authority), s.Authority, NeedsCertificate);
        check(s.Enabled || string.IsNullOrEmpty(s.HostName), nameof(s.HostName), s.HostName, NeedsCertificate);
    }
}
