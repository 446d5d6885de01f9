using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HunyuanOrleans.Silo.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silo processes with encrypted connections.</summary>
public sealed class TlsClusterTests : IDisposable
{
    private const string Name = "silo.example";

    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Only_silos_with_a_certificate_of_the_authority_join()
    {
        Issue("ours");
        Issue("theirs");
        await using TestSilo first = TestSilo.Start(Flags("ours"));
        await first.SeesAsync(1);
        string[] join = ["--primary-endpoint", $"127.0.0.1:{first.SiloPort}"], soon = ["--join-timeout", "5", "--response-timeout", "5"];
        await using (TestSilo second = TestSilo.Start([.. Flags("ours"), .. join]))
        {
            await second.SeesAsync(2);
            await first.SeesAsync(2);
            second.Terminate();
            Assert.Equal(0, await second.ExitAsync());
            await first.SeesAsync(1);
        }

        // This silo trusts the first one, which does not trust it.
        await using TestSilo untrusted = TestSilo.Start([.. Flags("theirs", authority: "ours"), .. join, .. soon]);
        await using TestSilo unencrypted = TestSilo.Start([.. join, .. soon]);
        Assert.NotEqual(0, await untrusted.ExitAsync());
        Assert.NotEqual(0, await unencrypted.ExitAsync());
        await first.SeesAsync(1);
    }

    private string[] Flags(string owner, string? authority = null) =>
    [
        "--tls-certificate", File("silo.pem", owner), "--tls-key", File("key.pem", owner), "--tls-authority", File("authority.pem", authority ?? owner),
        "--tls-host-name", Name,
    ];

    private string File(string name, string owner) => Path.Combine(_folder, $"{owner}-{name}");

    private void Issue(string owner)
    {
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-1), until = from.AddDays(3);
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authorityRequest = new($"CN={owner}", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(from, until);

        CertificateRequest request = new($"CN={Name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(Name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        using X509Certificate2 certificate = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(8));

        System.IO.File.WriteAllText(File("authority.pem", owner), authority.ExportCertificatePem());
        System.IO.File.WriteAllText(File("silo.pem", owner), certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(File("key.pem", owner), key.ExportPkcs8PrivateKeyPem());
    }
}
