using System.Security.Cryptography.X509Certificates;
using HunyuanOrleans.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Encryption of the connections to gateways.</summary>
internal static class ClientTlsExtensions
{
    /// <summary>Encrypts the client's connections if the options ask for it. The files are read when the client starts.</summary>
    /// <exception cref="HunyuanException">At start: a file holds no certificate.</exception>
    public static IClientBuilder UseClusterTls(this IClientBuilder client)
    {
        client.Services.AddOptions<ClientConnectionOptions>().Configure<IOptions<HunyuanClientOptions>>(static (connections, hunyuan) =>
        {
            ClusterTlsOptions options = hunyuan.Value.Tls;
            if (options.Enabled)
            {
                TlsOptions tls = Create(options);
                connections.ConfigureConnection(connection => connection.UseClientTls(tls));
            }
        });
        return client;
    }

    private static TlsOptions Create(ClusterTlsOptions options)
    {
        X509Certificate2? certificate = options.Certificate is { } path ? Read(path, () => PemCertificates.LoadWithKey(path, options.Key)) : null;
        X509Certificate2Collection? authorities = Read(options.Authority, () => PemCertificates.LoadAuthorities(options.Authority));
        return new TlsOptions
        {
            LocalCertificate = certificate,
            RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
            RemoteCertificateValidation = (remote, chain, errors) => PemCertificates.IsTrusted(remote, chain, errors, authorities, options.HostName),
            OnAuthenticateAsClient = (_, client) => client.TargetHost = options.HostName ?? "",
        };
    }

    private static T Read<T>(string? path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (PemCertificates.IsFault(fault))
        {
            throw new HunyuanException($"{path} cannot be read; allowed: a PEM file with a certificate, and with its key beside or in it if it is the client's.", fault);
        }
    }
}
