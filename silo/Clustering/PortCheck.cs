using System.Net;
using System.Net.Sockets;
using HunyuanOrleans.Silo.Hosting;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// Checks before anything is joined that no other program listens on the silo's ports. Orleans itself would listen on a port that is in use: connections
/// would then be divided between two silos, and the membership would take the newcomer for the other silo, restarted.
/// </summary>
/// <param name="endpoints">Where Orleans listens.</param>
/// <param name="settings">Where HTTP listens.</param>
internal sealed class PortCheck(IOptions<EndpointOptions> endpoints, IOptions<SiloSettings> settings) : IHostedLifecycleService, ILifecycleParticipant<ISiloLifecycle>
{
    // Orleans binds its ports in the stage before RuntimeInitialize. The second check, right before it, parts two silos that start together.
    private const int Stage = ServiceLifecycleStage.RuntimeInitialize - 2;

    /// <summary>Checks all ports. It runs before any service of the host starts.</summary>
    /// <exception cref="SiloStartException">A port is in use; the message names its setting.</exception>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (IPEndPoint http in HttpEndpoints(settings.Value.Urls))
        {
            Check(http, nameof(SiloSettings.Urls));
        }

        return CheckOrleansAsync(cancellationToken);
    }

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(PortCheck), Stage, CheckOrleansAsync);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private Task CheckOrleansAsync(CancellationToken cancellationToken)
    {
        EndpointOptions own = endpoints.Value;
        Check(own.SiloListeningEndpoint ?? new IPEndPoint(own.AdvertisedIPAddress, own.SiloPort), nameof(SiloSettings.SiloPort));
        if (own.GatewayPort != 0)
        {
            Check(own.GatewayListeningEndpoint ?? new IPEndPoint(own.AdvertisedIPAddress, own.GatewayPort), nameof(SiloSettings.GatewayPort));
        }

        return Task.CompletedTask;
    }

    private static void Check(IPEndPoint endpoint, string setting)
    {
        using Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
        }
        catch (SocketException refused)
        {
            Setting named = SettingTable.Of(typeof(SiloSettings), setting);
            throw new SiloStartException(refused.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"Port {endpoint.Port} (--{named.Flag.Name}) is in use on {endpoint.Address} by another program, perhaps another silo of this machine; allowed: a free port."
                : $"Port {endpoint.Port} (--{named.Flag.Name}) cannot be used on {endpoint.Address}: {refused.Message}.");
        }
    }

    // Kestrel itself reports addresses that it cannot bind, such as names of other machines.
    private static IEnumerable<IPEndPoint> HttpEndpoints(string urls)
    {
        foreach (string url in urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            BindingAddress address = BindingAddress.Parse(url);
            if (address.Port == 0 || address.IsUnixPipe || address.IsNamedPipe)
            {
                continue;
            }

            if (IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip))
            {
                yield return new IPEndPoint(ip, address.Port);
            }
            else if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            {
                yield return new IPEndPoint(IPAddress.Loopback, address.Port);
            }
            else
            {
                yield return new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, address.Port);
            }
        }
    }
}
