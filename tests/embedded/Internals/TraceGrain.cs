namespace HunyuanOrleans.Embedded.Tests.Internals;

public interface ITraceGrain : IGrainWithStringKey
{
    /// <summary>Waits for one gate, then opens the other.</summary>
    Task PassAsync(string gate, string trace);

    Task<string> WhereAsync();

    Task<ITraceGrain> SelfAsync();
}

public class TraceGrain : Grain, ITraceGrain
{
    public async Task PassAsync(string gate, string trace)
    {
        await Gates.Find(gate);
        Gates.Open(trace);
    }

    public Task<string> WhereAsync() => Task.FromResult(RuntimeIdentity);

    public Task<ITraceGrain> SelfAsync() => Task.FromResult(this.AsReference<ITraceGrain>());
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
