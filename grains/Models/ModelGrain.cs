using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Requests;
using HunyuanOrleans.Grains.Shards;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Models;

/// <inheritdoc cref="IModelGrain"/>
[GrainType("model"), Reentrant, KeepAlive, SchedulerPlacement]
public sealed class ModelGrain(ModelRuntimeFactory runtimes, ModelTexts texts, LongCall calls, ILocalSiloDetails silo, TimeProvider time) : Grain, IModelGrain
{
    private readonly AdapterLoads _adapterLoads = new(time);
    private ModelRuntime _runtime = null!;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken) => _runtime = await runtimes.StartAsync(this.GetPrimaryKeyString(), DeactivateOnIdle);

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _runtime.DisposeAsync().AsTask();

    /// <inheritdoc/>
    public Task<ModelCard> DescribeAsync() => Task.FromResult(_runtime.Card());

    /// <inheritdoc/>
    public IAsyncEnumerable<TokenBatch> GenerateAsync(RequestSpec request, CancellationToken cancellationToken) =>
        ModelStream.RunAsync(_runtime, () => texts.Constraints(request.BaseModel), request, time, cancellationToken);

    /// <inheritdoc/>
    public Task<ModelReport> ReportAsync() => Task.FromResult(_runtime.Report(silo.Name));

    /// <inheritdoc/>
    public async Task<int> ResetPrefixCacheAsync()
    {
        try
        {
            return await _runtime.Engine.ResetPrefixCacheAsync();
        }
        catch (ObjectDisposedException)
        {
            throw new GrainCallException("The scheduler of the model moves to another silo.");
        }
    }

    /// <inheritdoc/>
    public async Task<AdapterReply?> LoadAdapterAsync(string name, string folder)
    {
        if (name == this.GetPrimaryKeyString())
        {
            return new AdapterReply($"An adapter is named '{name}' like the model; allowed: another name.", 0);
        }

        Task<AdapterReply> load = _adapterLoads.Ask(name, folder, () => _runtime.Adapters.LoadAsync(name, folder));
        if (!await calls.WaitAsync(load))
        {
            return null;
        }

        _adapterLoads.Forget(name, folder);
        return await load;
    }

    /// <inheritdoc/>
    public Task<bool> UnloadAdapterAsync(string name) => _runtime.Adapters.UnloadAsync(name);

    /// <inheritdoc/>
    public async Task<bool?> LeaveAsync(string silo, CancellationToken cancellationToken)
    {
        using CancellationTokenSource call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<bool> left = _runtime.LeaveAsync(silo, call.Token);
        if (await calls.WaitAsync(left))
        {
            return await left;
        }

        await call.CancelAsync();
        return null;
    }
}
