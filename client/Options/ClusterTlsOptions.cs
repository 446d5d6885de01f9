namespace HunyuanOrleans.Client;

/// <summary>
/// Encryption of the connections to a cluster whose silos use TLS. It is on as soon as one option is set, and then <see cref="Authority"/> or
/// <see cref="HostName"/> is needed: encryption to anyone who answers would protect nothing.
/// </summary>
public sealed class ClusterTlsOptions
{
    /// <summary>PEM file with the client's certificate and its chain. Default null: none, which silos accept only with --tls-require-client-certificates false.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the certificate's key. Default null: the key is in the certificate's file.</summary>
    public string? Key { get; set; }

    /// <summary>PEM file with the authorities that sign silos' certificates. Default null: those that this machine trusts.</summary>
    public string? Authority { get; set; }

    /// <summary>Name that every silo's certificate carries, whatever its address. Default null: any name that the authority has signed.</summary>
    public string? HostName { get; set; }

    /// <summary>Whether connections are encrypted.</summary>
    internal bool Enabled => (Certificate ?? Key ?? Authority ?? HostName) is not null;
}
