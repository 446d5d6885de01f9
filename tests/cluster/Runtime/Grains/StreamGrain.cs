using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

public enum EnumerationState
{
    NotStarted,
    Running,
    Ended,
    Cancelled,
}

/// <summary>A grain with methods that return streams.</summary>
public interface IStreamGrain : IGrainWithStringKey
{
    Task<Location> LocateAsync();

    /// <summary>Counts from 0.</summary>
    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);

    /// <summary>Counts from 0, then throws.</summary>
    IAsyncEnumerable<int> FailAfterAsync(int count);

    /// <summary>Gives one item after each call of <see cref="ReleaseItemAsync"/>.</summary>
    IAsyncEnumerable<int> ReadReleasedAsync(CancellationToken cancellationToken = default);

    Task ReleaseItemAsync();

    /// <summary>What became of the last enumeration of <see cref="ReadReleasedAsync"/>.</summary>
    Task<EnumerationState> StateAsync();

    Task DeactivateAsync();

    /// <summary>The sum of the items that another grain counts.</summary>
    Task<int> SumAsync(IStreamGrain other, int count);
}

public sealed class StreamGrain(IGrainContext context) : Grain, IStreamGrain
{
    private readonly SemaphoreSlim _released = new(0);
    private EnumerationState _state;

    public Task<Location> LocateAsync() => Task.FromResult(Location.Of(context));

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            // Some items are there at once and travel as a batch, others are not.
            if (i % 7 == 0)
            {
                await Task.Yield();
            }

            yield return i;
        }
    }

    public async IAsyncEnumerable<int> FailAfterAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return i;
        }

        await Task.Yield();
        throw new InvalidOperationException("enough");
    }

    public async IAsyncEnumerable<int> ReadReleasedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _state = EnumerationState.Running;
        try
        {
            for (int i = 0; ; i++)
            {
                await _released.WaitAsync(cancellationToken);
                yield return i;
            }
        }
        finally
        {
            _state = cancellationToken.IsCancellationRequested ? EnumerationState.Cancelled : EnumerationState.Ended;
        }
    }

    public Task ReleaseItemAsync()
    {
        _released.Release();
        return Task.CompletedTask;
    }

    public Task<EnumerationState> StateAsync() => Task.FromResult(_state);

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<int> SumAsync(IStreamGrain other, int count)
    {
        int sum = 0;
        await foreach (int item in other.CountAsync(count))
        {
            sum += item;
        }

        return sum;
    }
}
