using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Requests;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Models;

/// <inheritdoc cref="IModelGrain"/>
[GrainType("model"), Reentrant, KeepAlive, SchedulerPlacement]
public sealed class ModelGrain(ModelRuntimeFactory runtimes, ModelTexts texts, ILocalSiloDetails silo, TimeProvider time) : Grain, IModelGrain
{
    private ModelRuntime _runtime = null!;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken) => _runtime = await runtimes.StartAsync(this.GetPrimaryKeyString(), DeactivateOnIdle);

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _runtime.DisposeAsync().AsTask();

    /// <inheritdoc/>
    public Task<ModelCard> DescribeAsync() => Task.FromResult(_runtime.Card());

    /// <inheritdoc/>
    public IAsyncEnumerable<TokenBatch> GenerateAsync(RequestSpec request, CancellationToken cancellationToken) =>
        ModelStream.RunAsync(_runtime.Engine, () => texts.Constraints(request.Model), request, _runtime.Stopping, time, cancellationToken);

    /// <inheritdoc/>
    public Task<ModelReport> ReportAsync() => Task.FromResult(_runtime.Report(silo.Name));

    /// <inheritdoc/>
    public Task<bool> LeaveAsync(string silo, CancellationToken cancellationToken) => _runtime.LeaveAsync(silo, cancellationToken);
}
