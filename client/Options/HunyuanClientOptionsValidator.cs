using HunyuanOrleans.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Client;

/// <summary>Validates <see cref="HunyuanClientOptions"/>. Each failure names the option and says what is allowed.</summary>
/// <param name="services">Tells whether the program has registered a connection itself.</param>
internal sealed class HunyuanClientOptionsValidator(IServiceProviderIsService services) : IValidateOptions<HunyuanClientOptions>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, HunyuanClientOptions options)
    {
        ValidateOptionsResultBuilder failures = new();
        CheckAddress(failures, options);
        foreach (string gateway in options.Gateways)
        {
            CheckGateway(failures, gateway);
        }

        CheckTls(failures, options.Tls);
        CheckNotEmpty(failures, nameof(options.Postgres), options.Postgres);
        CheckNotEmpty(failures, nameof(options.Redis), options.Redis);
        CheckNotEmpty(failures, nameof(options.Model), options.Model);
        CheckNotEmpty(failures, nameof(options.ClusterId), options.ClusterId);
        CheckNotEmpty(failures, nameof(options.ServiceId), options.ServiceId);
        CheckAtLeast(failures, nameof(options.ConnectTimeout), options.ConnectTimeout, 0.001);
        CheckAtLeast(failures, nameof(options.ResponseTimeout), options.ResponseTimeout, 16);
        CheckAtLeast(failures, nameof(options.Deadline), options.Deadline, 0.001);
        return failures.Build();
    }

    private void CheckAddress(ValidateOptionsResultBuilder failures, HunyuanClientOptions options)
    {
        (string Name, bool IsSet)[] addresses =
        [
            (nameof(options.ClusterClient), options.ClusterClient is not null),
            (nameof(options.Gateways), options.Gateways.Count > 0),
            (nameof(options.Postgres), options.Postgres is not null),
            (nameof(options.Redis), options.Redis is not null),
        ];
        string[] set = [.. addresses.Where(static address => address.IsSet).Select(static address => address.Name)];
        if (set.Length > 1 || (set.Length == 0 && !services.IsService(typeof(IClusterClient))))
        {
            string given = set.Length == 0 ? "None" : string.Join(" and ", set);
            string all = string.Join(", ", addresses.Select(static address => address.Name));
            failures.AddError($"{given} of the options that say where the cluster is are set; allowed: exactly one of {all}.");
        }
        else if (options.ClusterClient is null && !services.IsService(typeof(IClusterClient)))
        {
            failures.AddError($"{set[0]} is set, but not by the delegate of AddHunyuanClient; allowed: there only, because the connection is registered with it.");
        }
    }

    private static void CheckGateway(ValidateOptionsResultBuilder failures, string gateway)
    {
        try
        {
            GatewayAddress.Parse(gateway);
        }
        catch (HunyuanException invalid)
        {
            failures.AddError(invalid.Message);
        }
    }

    private static void CheckTls(ValidateOptionsResultBuilder failures, ClusterTlsOptions tls)
    {
        const string Prefix = nameof(HunyuanClientOptions.Tls) + ".";
        if (tls.Enabled && tls.Authority is null && tls.HostName is null)
        {
            failures.AddError($"{Prefix}{nameof(tls.Authority)} and {Prefix}{nameof(tls.HostName)} are not set; "
                + "allowed: at least one of them, because without an authority or a host name to check any server would be trusted.");
        }

        if (tls.Key is not null && tls.Certificate is null)
        {
            failures.AddError($"{Prefix}{nameof(tls.Key)} is set; allowed: nothing without {Prefix}{nameof(tls.Certificate)}.");
        }

        CheckNotEmpty(failures, Prefix + nameof(tls.HostName), tls.HostName);
        foreach ((string name, string? path) in new[]
            { (nameof(tls.Certificate), tls.Certificate), (nameof(tls.Key), tls.Key), (nameof(tls.Authority), tls.Authority) })
        {
            if (path is not null && !File.Exists(path))
            {
                failures.AddError($"{Prefix}{name} is {path}; allowed: an existing PEM file.");
            }
        }
    }

    private static void CheckNotEmpty(ValidateOptionsResultBuilder failures, string name, string? value)
    {
        if (value is not null && string.IsNullOrWhiteSpace(value))
        {
            failures.AddError($"{name} is empty; allowed: some text.");
        }
    }

    private static void CheckAtLeast(ValidateOptionsResultBuilder failures, string name, TimeSpan value, double seconds)
    {
        if (value.TotalSeconds < seconds || value > Longest)
        {
            failures.AddError(FormattableString.Invariant($"{name} is {value}; allowed: {seconds} s to one day."));
        }
    }
}
