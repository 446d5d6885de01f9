namespace HunyuanOrleans.Silo.Settings;

/// <summary>Encryption between silos, and from cluster clients to silos. HTTP is not affected. Off unless a certificate is given.</summary>
public sealed class TlsSettings
{
    /// <summary>PEM file with this silo's certificate and its chain, for server and client use. Default none: connections are not encrypted.</summary>
    [Flag("tls-certificate", "PEM file of this silo's certificate", "none: no encryption")]
    public string? Certificate { get; set; }

    /// <summary>PEM file with the certificate's key. Default: the key is in the certificate's file.</summary>
    [Flag("tls-key", "PEM file of the certificate's key", "the certificate's file")]
    public string? Key { get; set; }

    /// <summary>
    /// PEM file with the authorities that sign certificates. Default: those this machine trusts, which sign for anyone, so <see cref="HostName"/> is needed then.
    /// </summary>
    [Flag("tls-authority", "PEM file of the authorities to trust", "those of the machine")]
    public string? Authority { get; set; }

    /// <summary>
    /// Name that every silo's certificate must carry, whatever its address. Default none: any certificate of the authority is accepted, which is
    /// enough if the authority signs certificates of this cluster's silos only. Certificates of clients need the name only if no authority is given.
    /// </summary>
    [Flag("tls-host-name", "name every silo's certificate carries", "any")]
    public string? HostName { get; set; }

    /// <summary>
    /// Whether clients must present a certificate too. Default true. With false, anyone who can reach the gateway port may call. Silos always present theirs.
    /// </summary>
    [Flag("tls-require-client-certificates", "whether clients must present a certificate", "true")]
    public bool RequireClientCertificates { get; set; } = true;

    /// <summary>Whether connections are encrypted.</summary>
    public bool Enabled => !string.IsNullOrEmpty(Certificate);
}
