using System.CommandLine;
using HunyuanOrleans.Client;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options of a verb that connects to a cluster whose silos use TLS. They have the names of the silos' settings.</summary>
internal static class TlsOptions
{
    private static readonly Option<string?>
        Certificate = Create("--tls-certificate", "FILE", "The PEM file of a certificate to show to the silos."),
        Key = Create("--tls-key", "FILE", "The PEM file of its key. [default: the certificate's file]"),
        Authority = Create("--tls-authority", "FILE", "Encrypt the connection, and trust silos whose certificate is signed by an authority in this PEM file."),
        HostName = Create("--tls-host-name", "NAME", "Encrypt the connection, and trust silos whose certificate carries this name. Without "
            + "--tls-authority it must be signed by an authority that this machine trusts.");

    private static readonly Option<string?>[] All = [Certificate, Key, Authority, HostName];

    /// <summary>Adds the options to a verb.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>The first option that the command line has; null if it has none.</summary>
    public static string? FindGiven(ParseResult parsed) => All.FirstOrDefault(option => parsed.GetValue(option) is not null)?.Name;

    /// <summary>Sets the client's options. The client would refuse the same, in the names of its options instead of those of the command line.</summary>
    /// <exception cref="UsageException">The options encrypt, but say nothing about whom to trust.</exception>
    public static void Configure(ParseResult parsed, ClusterTlsOptions tls)
    {
        (tls.Certificate, tls.Key) = (parsed.GetValue(Certificate), parsed.GetValue(Key));
        (tls.Authority, tls.HostName) = (parsed.GetValue(Authority), parsed.GetValue(HostName));
        if (FindGiven(parsed) is { } given && tls.Authority is null && tls.HostName is null)
        {
            throw new UsageException($"{given} requires {Authority.Name} or {HostName.Name}: without an authority or a name to check, any server would be trusted.");
        }
    }

    private static Option<string?> Create(string name, string placeholder, string description) => new(name) { Description = description, HelpName = placeholder };
}
