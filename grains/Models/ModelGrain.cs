using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Requests;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Models;

/// <inheritdoc cref="IModelGrain"/>
[Reentrant, KeepAlive, SchedulerPlacement]
public sealed class ModelGrain(ModelRuntimes homes, ModelTexts texts, ILocalSiloDetails silo, TimeProvider time) : Grain, IModelGrain
{
    private ModelRuntime _home = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _home = homes.Create(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _home.DisposeAsync().AsTask();

    /// <inheritdoc/>
    public Task<ModelCard> DescribeAsync() => Task.FromResult(_home.Card());

    /// <inheritdoc/>
    public IAsyncEnumerable<TokenBatch> GenerateAsync(RequestSpec request, CancellationToken cancellationToken)
    {
        if (_home.Superseded)
        {
            DeactivateOnIdle();
        }

        return ModelStream.RunAsync(_home.Engine, () => texts.Constraints(request.Model), request, _home.Stopping, time, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ModelReport> ReportAsync() => Task.FromResult(_home.Report(silo.Name));

    /// <inheritdoc/>
    public Task<bool> LeaveAsync(string silo, CancellationToken cancellationToken) => _home.LeaveAsync(silo, cancellationToken);
}
