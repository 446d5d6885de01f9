using Orleans.Concurrency;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

public interface IGateGrain : IGrainWithStringKey
{
    Task PassAsync(string gate);

    [AlwaysInterleave]
    Task PassInterleavedAsync(string gate);

    [AlwaysInterleave]
    Task PingAsync();
}

public interface IPlainGrain : IGateGrain;

public interface IReentrantGrain : IGateGrain;

public abstract class GateGrain : Grain, IGateGrain
{
    public Task PassAsync(string gate) => Gates.PassAsync(gate);

    public Task PassInterleavedAsync(string gate) => Gates.PassAsync(gate);

    public Task PingAsync() => Task.CompletedTask;
}

public sealed class PlainGrain : GateGrain, IPlainGrain;

[Reentrant]
public sealed class ReentrantGrain : GateGrain, IReentrantGrain;

public interface IWorkerGrain : IGrainWithGuidKey
{
    Task<Location> PassAsync(string gate);
}

[StatelessWorker(2)]
public sealed class WorkerGrain(IGrainContext context) : Grain, IWorkerGrain
{
    public async Task<Location> PassAsync(string gate)
    {
        await Gates.PassAsync(gate);
        return Location.Of(context);
    }
}
