using Orleans.Concurrency;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>A grain whose calls take as long as a test wants.</summary>
public interface ICallGrain : IGrainWithStringKey
{
    Task<Location> LocateAsync();

    /// <summary>Counts the calls of this method.</summary>
    Task<int> CountCallAsync();

    /// <summary>Waits until the call is cancelled.</summary>
    Task WaitForeverAsync(CancellationToken cancellationToken = default);

    /// <summary>How many calls of <see cref="WaitForeverAsync"/> have begun.</summary>
    [AlwaysInterleave]
    Task<int> CountBegunAsync();

    /// <summary>How many calls of <see cref="WaitForeverAsync"/> were cancelled.</summary>
    [AlwaysInterleave]
    Task<int> CountCancelledAsync();

    /// <summary>Passes a gate, under a limit that no slow machine reaches.</summary>
    [ResponseTimeout("00:10:00")]
    Task<Location> PassAsync(string gate);

    /// <summary>Passes a gate under a short limit.</summary>
    [ResponseTimeout("00:00:00.200")]
    Task PassSoonAsync(string gate);
}

public sealed class CallGrain(IGrainContext context) : Grain, ICallGrain
{
    private int _begun;
    private int _cancelled;
    private int _calls;

    public Task<Location> LocateAsync() => Task.FromResult(Location.Of(context));

    public Task<int> CountCallAsync() => Task.FromResult(++_calls);

    public async Task WaitForeverAsync(CancellationToken cancellationToken)
    {
        _begun++;
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _cancelled++;
            throw;
        }
    }

    public Task<int> CountBegunAsync() => Task.FromResult(_begun);

    public Task<int> CountCancelledAsync() => Task.FromResult(_cancelled);

    public async Task<Location> PassAsync(string gate)
    {
        await Gates.PassAsync(gate);
        return Location.Of(context);
    }

    public Task PassSoonAsync(string gate) => Gates.PassAsync(gate);
}
