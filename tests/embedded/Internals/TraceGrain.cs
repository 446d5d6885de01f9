namespace HunyuanOrleans.Embedded.Tests.Internals;

public interface ITraceGrain : IGrainWithStringKey
{
    /// <summary>Waits for one gate, then opens the other.</summary>
    Task PassAsync(string gate, string trace);

    Task<string> WhereAsync();

    Task<ITraceGrain> SelfAsync();

    Task<int> NextAsync();
}

public sealed class TraceGrain : Grain, ITraceGrain
{
    private int _next;

    public async Task PassAsync(string gate, string trace)
    {
        await Gates.Find(gate);
        Gates.Open(trace);
    }

    public Task<string> WhereAsync() => Task.FromResult(RuntimeIdentity);

    public Task<ITraceGrain> SelfAsync() => Task.FromResult(this.AsReference<ITraceGrain>());

    public Task<int> NextAsync() => Task.FromResult(_next++);
}

public interface ILastingGrain : IGrainWithStringKey
{
    Task TouchAsync();
}

[KeepAlive]
public sealed class LastingGrain : Grain, ILastingGrain
{
    public Task TouchAsync() => Task.CompletedTask;
}
