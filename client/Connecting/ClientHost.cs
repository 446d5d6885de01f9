using HunyuanOrleans.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Starts and stops the services of a client in programs without a host.</summary>
/// <param name="services">The services; disposed with this.</param>
internal sealed class ClientHost(ServiceProvider services) : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly List<IHostedService> _started = [];

    /// <summary>Validates the options and starts the services.</summary>
    /// <exception cref="HunyuanException">An option is wrong, or the cluster cannot be reached.</exception>
    public async Task<HunyuanClient> StartAsync(CancellationToken cancellationToken)
    {
        HunyuanClientOptions options;
        try
        {
            options = services.GetRequiredService<IOptions<HunyuanClientOptions>>().Value;
        }
        catch (OptionsValidationException invalid)
        {
            throw new HunyuanException(invalid.Message, invalid);
        }

        foreach (IHostedService service in services.GetServices<IHostedService>())
        {
            try
            {
                await service.StartAsync(cancellationToken);
                _started.Add(service);
            }
            catch (Exception fault) when (fault is not OperationCanceledException and not HunyuanException)
            {
                throw new HunyuanException($"The cluster cannot be reached at {options.ClusterAddress}: {fault.Message}", fault);
            }
        }

        return services.GetRequiredService<HunyuanClient>();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource timeout = new(StopTimeout);
        foreach (IHostedService service in Enumerable.Reverse(_started))
        {
            try
            {
                await service.StopAsync(timeout.Token).WaitAsync(timeout.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or OrleansException or InvalidOperationException)
            {
                // The silos may have stopped already.
            }
        }

        await services.DisposeAsync();
    }
}
