using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Certificates in PEM files, and which certificates of others are trusted. Silos and clients follow the same rules.</summary>
internal static class PemCertificates
{
    /// <summary>True for exceptions of reading that are the file's fault.</summary>
    /// <param name="fault">The exception.</param>
    public static bool IsFault(Exception fault) => fault is CryptographicException or IOException or UnauthorizedAccessException;

    /// <summary>Reads a certificate with its key.</summary>
    /// <param name="path">The file of the certificate.</param>
    /// <param name="key">The file of the key; null or empty: the key is in the file of the certificate.</param>
    public static X509Certificate2 LoadWithKey(string path, string? key)
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(path, string.IsNullOrEmpty(key) ? null : key);
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

    /// <summary>Reads all certificates of a file, at least one.</summary>
    /// <param name="path">The file; null or empty: no authorities of one's own.</param>
    /// <returns>The certificates; null for those that this machine trusts.</returns>
    public static X509Certificate2Collection? LoadAuthorities(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return null;
        }

        X509Certificate2Collection all = [];
        all.ImportFromPemFile(path);
        return all.Count > 0 ? all : throw new CryptographicException();
    }

    /// <summary>True if a certificate is signed by one of the authorities and carries the name.</summary>
    /// <param name="remote">The certificate.</param>
    /// <param name="sent">The chain that came with it, if any.</param>
    /// <param name="errors">What the platform found wrong.</param>
    /// <param name="authorities">The authorities; null: those that this machine trusts.</param>
    /// <param name="hostName">The name; null or empty: any.</param>
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
}
