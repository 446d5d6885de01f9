namespace HunyuanOrleans.Silo.Settings;

/// <summary>Encryption between silos, and from cluster clients to silos; HTTP has its own. Off unless a certificate is given.</summary>
public sealed class TlsSettings
{
    /// <summary>PEM file with this silo's certificate and its chain, for server and client use. Default none: connections are not encrypted.</summary>
    [Flag("tls-certificate", "PEM file of this silo's certificate; none: no encryption")]
    public string? Certificate { get; set; }

    /// <summary>PEM file with the certificate's key. Default: the key is in the certificate's file.</summary>
    [Flag("tls-key", "PEM file of its key; the certificate's file")]
    public string? Key { get; set; }

    /// <summary>PEM file with the authorities that sign silos' certificates. Default: those this machine trusts.</summary>
    [Flag("tls-authority", "PEM file of the authorities to trust; the machine's")]
    public string? Authority { get; set; }

    /// <summary>
    /// Name every silo's certificate must carry, whatever its address. Default none: any certificate of a trusted authority is taken, which fits
    /// an authority of the cluster's own.
    /// </summary>
    [Flag("tls-host-name", "name every silo's certificate carries; any")]
    public string? HostName { get; set; }

    /// <summary>Whether callers must show a certificate too. Default true. False lets anyone call who can reach the ports.</summary>
    [Flag("tls-require-client-certificates", "whether callers must show a certificate; true")]
    public bool RequireClientCertificates { get; set; } = true;

    /// <summary>Whether connections are encrypted.</summary>
    public bool Enabled => !string.IsNullOrEmpty(Certificate);
}
