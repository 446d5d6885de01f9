using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HunyuanOrleans.Silo.Settings;
using Orleans.Connections.Security;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>Encryption of the connections between silos and from cluster clients.</summary>
internal static class TlsExtensions
{
    /// <summary>Encrypts the silo's connections if the settings name a certificate.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="settings">The certificates.</param>
    /// <exception cref="SettingsException">A file holds no certificate.</exception>
    public static ISiloBuilder UseSiloTls(this ISiloBuilder silo, TlsSettings settings)
    {
        if (!settings.Enabled)
        {
            return silo;
        }

        X509Certificate2 certificate = Load(nameof(TlsSettings.Certificate), settings.Certificate!, () => LoadWithKey(settings));
        X509Certificate2Collection? authorities = settings.Authority is { Length: > 0 } path
            ? Load(nameof(TlsSettings.Authority), path, () => LoadAll(path))
            : null;
        return silo.UseTls(tls =>
        {
            tls.LocalCertificate = certificate;
            // Silos use these modes as servers and as clients. A server always shows its certificate, so AllowCertificate relaxes the check of callers only.
            tls.RemoteCertificateMode = settings.RequireClientCertificates ? RemoteCertificateMode.RequireCertificate : RemoteCertificateMode.AllowCertificate;
            tls.ClientCertificateMode = tls.RemoteCertificateMode;
            tls.RemoteCertificateValidation = (remote, chain, errors) => IsTrusted(remote, chain, errors, authorities, settings.HostName);
            tls.OnAuthenticateAsClient = (_, options) => options.TargetHost = settings.HostName ?? certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
        });
    }

    /// <summary>True if a certificate is signed by one of the authorities (null: one that this machine trusts) and carries the name (null: any name).</summary>
    public static bool IsTrusted(X509Certificate2 remote, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection? authorities, string? hostName)
    {
        if (hostName is { Length: > 0 } && !remote.MatchesHostname(hostName))
        {
            return false;
        }

        if (authorities is null)
        {
            return (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(remote);
    }

    private static X509Certificate2 LoadWithKey(TlsSettings settings)
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(settings.Certificate!, string.IsNullOrEmpty(settings.Key) ? null : settings.Key);
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // TLS on Windows cannot use a key that is only in memory.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static X509Certificate2Collection LoadAll(string path)
    {
        X509Certificate2Collection all = [];
        all.ImportFromPemFile(path);
        return all.Count > 0 ? all : throw new CryptographicException();
    }

    private static T Load<T>(string property, string path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(SettingTable.Of(typeof(TlsSettings), property).Problem(path, "a PEM file with a certificate, and its key beside or in it"));
        }
    }
}
