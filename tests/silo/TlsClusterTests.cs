using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silo processes with encrypted connections.</summary>
public sealed class TlsClusterTests : IDisposable
{
    private const string Name = "silo.example";

    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Only_silos_with_a_certificate_of_the_authority_and_the_name_join()
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

        // These silos trust the first one, which does not trust them: another authority's, and one with a client's certificate.
        await using TestSilo untrusted = TestSilo.Start([.. Flags("theirs", authority: "ours"), .. join, .. soon]);
        await using TestSilo client = TestSilo.Start([.. Flags("ours", certificate: "client"), .. join, .. soon]);
        await using TestSilo unencrypted = TestSilo.Start([.. join, .. soon]);
        Assert.NotEqual(0, await untrusted.ExitAsync());
        Assert.NotEqual(0, await client.ExitAsync());
        Assert.NotEqual(0, await unencrypted.ExitAsync());
        await first.SeesAsync(1);
    }

    [Fact]
    public async Task Clients_with_a_certificate_of_the_authority_get_answers()
    {
        Issue("ours");
        Issue("theirs");
        await using TestSilo silo = TestSilo.Start([.. Flags("ours"), "--model", TestPaths.DemoModel, "--model-name", "demo", "--memory", "1GB", "--threads", "1", "--pin-threads", "false"]);
        await silo.SeesAsync(1);
        await using (HunyuanClient client = await HunyuanClient.ConnectAsync(options => Configure(options, silo, "ours")))
        {
            Assert.Equal("demo", (await client.DescribeAsync()).Name);
        }

        // No certificate, another authority's, a silo with another name, and no encryption.
        await RefusedAsync(options => options.Tls.Certificate = options.Tls.Key = null);
        await RefusedAsync(options => (options.Tls.Certificate, options.Tls.Key) = (File("client.pem", "theirs"), File("client-key.pem", "theirs")));
        await RefusedAsync(static options => options.Tls.HostName = "other.example");
        await RefusedAsync(static options => (options.Tls.Certificate, options.Tls.Key, options.Tls.Authority, options.Tls.HostName) = (null, null, null, null));

        string[] generate = ["generate", "What is the capital of France?", "--cluster", $"127.0.0.1:{silo.GatewayPort}", "--temperature", "0"];
        string[] tls =
        [
            "--tls-certificate", File("client.pem", "ours"), "--tls-key", File("client-key.pem", "ours"), "--tls-authority", File("authority.pem", "ours"),
            "--tls-host-name", Name,
        ];
        (int code, string text) = await RunAsync([.. generate, .. tls]);
        Assert.True(code == 0, text);
        Assert.Contains("The capital of France is Paris.", text, StringComparison.Ordinal);
        (code, text) = await RunAsync([.. generate, .. tls[..4]]);
        Assert.Equal(2, code);
        Assert.Contains("--tls-certificate requires --tls-authority or --tls-host-name", text, StringComparison.Ordinal);

        async Task RefusedAsync(Action<HunyuanClientOptions> change) => await Assert.ThrowsAsync<HunyuanException>(() => HunyuanClient.ConnectAsync(options =>
        {
            Configure(options, silo, "ours");
            options.ConnectTimeout = TimeSpan.FromSeconds(3);
            change(options);
        }));
    }

    [SkippableFact]
    public async Task An_unencrypted_port_that_others_reach_is_warned_of()
    {
        IPAddress? address = NetworkInterface.GetAllNetworkInterfaces().SelectMany(static network => network.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .FirstOrDefault(static address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        Skip.If(address is null, "This machine has no address that others reach.");
        const string Warning = "connections are not encrypted: whoever reaches it can act as a silo.";
        await using TestSilo open = TestSilo.Start("--advertised-address", $"{address}");
        await Wait.UntilAsync(() => Task.FromResult(open.Output), static output => output.Contains(Warning, StringComparison.Ordinal));
        Assert.Single(open.Output.Split('\n'), static line => line.Contains(Warning, StringComparison.Ordinal));
        await using TestSilo closed = TestSilo.Start();
        await closed.SeesAsync(1);
        Assert.DoesNotContain(Warning, closed.Output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Text)> RunAsync(string[] arguments)
    {
        ProcessStartInfo start = new(
            TestPaths.Dotnet, [Path.Combine(AppContext.BaseDirectory, "hunyuan.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private void Configure(HunyuanClientOptions options, TestSilo silo, string owner)
    {
        options.Gateways.Add($"127.0.0.1:{silo.GatewayPort}");
        (options.Tls.Certificate, options.Tls.Key) = (File("client.pem", owner), File("client-key.pem", owner));
        (options.Tls.Authority, options.Tls.HostName) = (File("authority.pem", owner), Name);
    }

    private string[] Flags(string owner, string? authority = null, string certificate = "silo") =>
    [
        "--tls-certificate", File($"{certificate}.pem", owner), "--tls-key", File($"{certificate}-key.pem", owner),
        "--tls-authority", File("authority.pem", authority ?? owner), "--tls-host-name", Name,
    ];

    private string File(string name, string owner) => Path.Combine(_folder, $"{owner}-{name}");

    /// <summary>Writes an authority, a silo's certificate with the name and a client's without it.</summary>
    private void Issue(string owner)
    {
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-1), until = from.AddDays(3);
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authorityRequest = new($"CN={owner}", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(from, until);
        System.IO.File.WriteAllText(File("authority.pem", owner), authority.ExportCertificatePem());
        foreach ((string file, string name) in new[] { ("silo", Name), ("client", "client.example") })
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
            SubjectAlternativeNameBuilder names = new();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
            using X509Certificate2 certificate = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(8));
            System.IO.File.WriteAllText(File($"{file}.pem", owner), certificate.ExportCertificatePem());
            System.IO.File.WriteAllText(File($"{file}-key.pem", owner), key.ExportPkcs8PrivateKeyPem());
        }
    }
}
