using HunyuanOrleans.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Starts and stops a client's services where the program has no host.</summary>
/// <param name="services">The services.</param>
/// <param name="place">Where the cluster is, in words.</param>
internal sealed class OwnHost(ServiceProvider services, string place) : IAsyncDisposable
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(5);

    private readonly List<IHostedService> _started = [];

    /// <summary>Starts them.</summary>
    /// <exception cref="HunyuanException">The cluster cannot be reached.</exception>
    public async Task<HunyuanClient> StartAsync(CancellationToken cancellationToken)
    {
        foreach (IHostedService service in services.GetServices<IHostedService>())
        {
            try
            {
                await service.StartAsync(cancellationToken);
                _started.Add(service);
            }
            catch (Exception fault) when (fault is not OperationCanceledException and not HunyuanException)
            {
                throw new HunyuanException($"The cluster cannot be reached at {place}: {fault.Message}", fault);
            }
        }

        return services.GetRequiredService<HunyuanClient>();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(StopTime);
        foreach (IHostedService service in Enumerable.Reverse(_started))
        {
            await service.StopAsync(limit.Token);
        }

        await services.DisposeAsync();
    }
}
