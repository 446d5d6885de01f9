using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Silo.Http;

/// <summary>The adapters of the cluster's model: this silo has the list, and the model's scheduler changes it.</summary>
/// <param name="host">The silo's share of the model.</param>
/// <param name="grains">The cluster.</param>
internal sealed class ClusterAdapterCatalog(ModelHost host, IGrainFactory grains) : IAdapterCatalog
{
    /// <inheritdoc/>
    public IReadOnlyList<AdapterInfo> Adapters => host.NamedAdapters;

    /// <inheritdoc/>
    public AdapterInfo? Find(string name) => host.FindAdapter(name);

    /// <inheritdoc/>
    public async Task<long> AddAsync(string name, string folder, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(folder);
        AdapterReply? reply;
        while ((reply = await CallAsync(model => model.LoadAdapterAsync(name, full), cancellationToken)) is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return reply.Problem is null ? reply.Bytes : throw new ModelException(reply.Problem);
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) => CallAsync(model => model.UnloadAdapterAsync(name), cancellationToken);

    // Not repeated: a call whose reply was lost may have changed the list.
    private async Task<T> CallAsync<T>(Func<IModelGrain, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(grains.GetGrain<IModelGrain>(host.Settings.Name)).WaitAsync(cancellationToken);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            throw new TimeoutException("The model's scheduler did not answer.", fault);
        }
    }
}
