namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

public interface ICounterGrain : IGrainWithStringKey
{
    Task<Where> WhereAsync();

    /// <summary>Reads, waits, and writes the count: loses some where turns overlap.</summary>
    Task<int> AddAsync(int amount);

    [AlwaysInterleave]
    Task<int> RunningAsync();

    ValueTask<string> KeyAsync();

    Task FailAsync(string message);

    Task EndAsync();

    /// <summary>Waits until released, or cancelled.</summary>
    Task<string> HoldAsync(CancellationToken token = default);

    /// <summary>Waits for a gate of the test's; a stopping activation takes no requests that could release it.</summary>
    [ResponseTimeout("00:01:30")]
    Task<string> HoldAtAsync(string gate);

    [AlwaysInterleave]
    Task ReleaseAsync();

    [AlwaysInterleave]
    Task<int> CancelledAsync();

    [ResponseTimeout("00:00:00.200")]
    Task ImpatientAsync();

    [OneWay]
    Task TellAsync(int amount);

    Task<Where> WhereOfAsync(ICounterGrain other);

    Task<ICounterGrain> SelfAsync();

    Task<object?> ContextAsync(string key);
}

public sealed class CounterGrain(SiloName silo, IGrainContext context) : Grain, ICounterGrain
{
    private readonly TaskCompletionSource _released = new();
    private int _count;
    private int _running;
    private int _most;
    private int _cancelled;

    public Task<Where> WhereAsync() => Task.FromResult(new Where(silo.Address, context.ActivationId.ToString()));

    public async Task<int> AddAsync(int amount)
    {
        _most = Math.Max(_most, ++_running);
        var before = _count;
        await Task.Yield();
        await Task.Delay(1);
        _count = before + amount;
        _running--;
        return _count;
    }

    public Task<int> RunningAsync() => Task.FromResult(_most);

    public ValueTask<string> KeyAsync() => new(this.GetPrimaryKeyString());

    public Task FailAsync(string message) => throw new InvalidOperationException(message);

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<string> HoldAsync(CancellationToken token)
    {
        try
        {
            await _released.Task.WaitAsync(token);
        }
        catch (OperationCanceledException)
        {
            _cancelled++;
            throw;
        }
        return context.ActivationId.ToString();
    }

    public async Task<string> HoldAtAsync(string gate)
    {
        await Gates.Find(gate);
        return context.ActivationId.ToString();
    }

    public Task ReleaseAsync()
    {
        _released.TrySetResult();
        return Task.CompletedTask;
    }

    public Task<int> CancelledAsync() => Task.FromResult(_cancelled);

    public Task ImpatientAsync() => _released.Task;

    public Task TellAsync(int amount)
    {
        _count += amount;
        throw new InvalidOperationException("Nobody hears this.");
    }

    public Task<Where> WhereOfAsync(ICounterGrain other) => other.WhereAsync();

    public Task<ICounterGrain> SelfAsync() => Task.FromResult(this.AsReference<ICounterGrain>());

    public Task<object?> ContextAsync(string key) => Task.FromResult(RequestContext.Get(key));
}
