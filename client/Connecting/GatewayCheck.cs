using System.Net;
using HunyuanOrleans.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Serialization;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>
/// Waits until one of the gateways can be connected to, before Orleans' client starts. An address at which something else listens is an error at once.
/// </summary>
/// <param name="options">The gateways and the timeout.</param>
/// <param name="serializer">Orleans' serializer.</param>
/// <param name="time">The clock.</param>
internal sealed class GatewayCheck(IOptions<HunyuanClientOptions> options, Serializer serializer, TimeProvider time) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc/>
    /// <exception cref="HunyuanException">No address is a gateway of the cluster; the message says what was found at each.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        HunyuanClientOptions own = options.Value;
        GatewayProbe probe = new(serializer, own.ClusterId);
        long started = time.GetTimestamp();
        while (own.Gateways.Count > 0)
        {
            IPEndPoint[] endpoints = [.. own.Gateways.SelectMany(static gateway => GatewayAddress.Parse(gateway).Resolve())];
            GatewayFinding[] findings = await Task.WhenAll(endpoints.Select(endpoint => probe.RunAsync(endpoint, cancellationToken)));
            if (findings.Any(finding => finding.State == GatewayState.Gateway || (finding.State == GatewayState.Encrypted && (own.Tls.Enabled || own.Connection is not null))))
            {
                return;
            }

            if (findings.All(static finding => finding.State is GatewayState.Wrong or GatewayState.Encrypted)
                || time.GetElapsedTime(started) >= own.ConnectTimeout)
            {
                throw new HunyuanException($"The cluster cannot be reached at {own.ClusterAddress}: {string.Join(' ', findings.Select(static finding => finding.Message).Distinct())}");
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
