using System.Net;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Refuses to start a host whose URLs are reachable from other machines unless it has API keys or allows anonymous callers. It also reads
/// the keys, so that errors in them stop the start. A host that listens by <see cref="ServerOptions"/> is checked by
/// <see cref="ServerOptionsValidator"/>.
/// </summary>
internal sealed class ListenPolicy(
    IServiceProvider services, IOptions<ServerOptions> options, IEnumerable<IConfigureOptions<KestrelServerOptions>> kestrelSetups, ApiKeyStore keys)
    : IHostedLifecycleService
{
    private const string UrlsKey = "urls";

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (keys.Required || options.Value.AllowAnonymous || kestrelSetups.OfType<KestrelListenSetup>().Any())
        {
            return Task.CompletedTask;
        }

        foreach (string url in (services.GetService<IConfiguration>()?[UrlsKey] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            string host = Uri.TryCreate(url.Trim(), UriKind.Absolute, out Uri? uri) ? uri.Host.Trim('[', ']') : "*";
            if (ListenAddress.Parse(host) is not IPAddress address || !IPAddress.IsLoopback(address))
            {
                throw new OptionsValidationException(nameof(ServerOptions), typeof(ServerOptions),
                [
                    $"The server would listen on {url.Trim()}, which others can reach, and there is no API key. Give keys "
                    + $"({nameof(ServerOptions.Keys)} or {nameof(ServerOptions.KeyFile)}), or set {nameof(ServerOptions.AllowAnonymous)} to let everyone in.",
                ]);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
