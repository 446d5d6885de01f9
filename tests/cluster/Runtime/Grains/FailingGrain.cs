using HunyuanOrleans.Contracts.Grains;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>A grain that throws: in its activation if its key says so, else in its calls.</summary>
public interface IFailingGrain : IGrainWithStringKey
{
    Task ThrowStaleStepAsync();

    Task ThrowUnknownSessionAsync();
}

public sealed class FailingGrain : Grain, IFailingGrain
{
    public const string FailsToActivate = "fails to activate";

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        this.GetPrimaryKeyString() == FailsToActivate ? throw new GrainCallException("The activation failed.") : Task.CompletedTask;

    public Task ThrowStaleStepAsync() => throw new StaleStepException("The step is stale.");

    public Task ThrowUnknownSessionAsync() => throw new UnknownSessionException("The session is unknown.");
}
