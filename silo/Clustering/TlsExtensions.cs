using System.Security.Cryptography.X509Certificates;
using HunyuanOrleans.Client.Connecting;
using HunyuanOrleans.Silo.Settings;
using Orleans.Configuration;
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

        X509Certificate2 certificate = Load(
            nameof(TlsSettings.Certificate), settings.Certificate!, () => PemCertificates.LoadWithKey(settings.Certificate!, settings.Key));
        X509Certificate2Collection? authorities = Load(
            nameof(TlsSettings.Authority), settings.Authority, () => PemCertificates.LoadAuthorities(settings.Authority));

        // Silos prove to each other that they are silos, in both directions. A client's certificate opens gateways only, so it needs the authority and not
        // the silos' name, unless the authorities are the machine's, which sign for anyone.
        TlsOptions silos = Create(certificate, authorities, settings.HostName, RemoteCertificateMode.RequireCertificate);
        TlsOptions clients = Create(
            certificate, authorities, authorities is null ? settings.HostName : null,
            settings.RequireClientCertificates ? RemoteCertificateMode.RequireCertificate : RemoteCertificateMode.AllowCertificate);
        return silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(connection => connection.UseServerTls(silos));
            connections.ConfigureSiloOutboundConnection(connection => connection.UseClientTls(silos));
            connections.ConfigureGatewayInboundConnection(connection => connection.UseServerTls(clients));
        });
    }

    private static TlsOptions Create(
        X509Certificate2 certificate, X509Certificate2Collection? authorities, string? hostName, RemoteCertificateMode mode) => new()
        {
            LocalCertificate = certificate,
            RemoteCertificateMode = mode,
            ClientCertificateMode = mode,
            RemoteCertificateValidation = (remote, chain, errors) => PemCertificates.IsTrusted(remote, chain, errors, authorities, hostName),
            OnAuthenticateAsClient = (_, options) => options.TargetHost = hostName ?? certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false),
        };

    private static T Load<T>(string property, string? path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception fault) when (PemCertificates.IsFault(fault))
        {
            throw new SettingsException(SettingTable.Of(typeof(TlsSettings), property).Problem(path, "a PEM file with a certificate, and its key beside or in it"));
        }
    }
}
