using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>The models of a silo, by name.</summary>
public sealed class ModelHosts : IDisposable
{
    private readonly Dictionary<string, ModelHost> _hosts;

    /// <summary>Creates a host for each model of the options. Nothing is loaded.</summary>
    public ModelHosts(HunyuanSiloOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        Memory = new MemoryBudget(options.Capacity.MemoryBytes);
        _hosts = options.Models.ToDictionary(
            static model => model.Name, model => new ModelHost(model, Memory, loggers.CreateLogger<ModelHost>(), time, options.DeviceLost, options.AdapterBytes), StringComparer.Ordinal);
    }

    /// <summary>The memory that the models share.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>The hosts of all models.</summary>
    public IReadOnlyCollection<ModelHost> All => _hosts.Values;

    /// <summary>The host of a model.</summary>
    /// <exception cref="GrainCallException">The silo does not have the model.</exception>
    public ModelHost Get(string model) => _hosts.TryGetValue(model, out ModelHost? host)
        ? host
        : throw new GrainCallException($"Model \"{model}\" is not known here; allowed: {string.Join(", ", _hosts.Keys)}.");

    /// <summary>The host of the model that an adapter changes; null if there is no adapter of this name.</summary>
    public ModelHost? FindParent(string adapter)
    {
        foreach (ModelHost host in _hosts.Values)
        {
            if (host.Adapters.Agreement.Table.FindLive(adapter) is not null)
            {
                return host;
            }
        }

        return null;
    }

    /// <summary>True if the silo has the model.</summary>
    public bool Knows(string model) => _hosts.ContainsKey(model);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ModelHost host in _hosts.Values)
        {
            host.Dispose();
        }
    }
}
