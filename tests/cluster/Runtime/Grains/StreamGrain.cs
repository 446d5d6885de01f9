using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

public interface IStreamGrain : IGrainWithStringKey
{
    IAsyncEnumerable<int> CountAsync(int count, CancellationToken token = default);

    /// <summary>One item after each call of <see cref="StepAsync"/>.</summary>
    IAsyncEnumerable<int> StepsAsync(CancellationToken token = default);

    IAsyncEnumerable<int> FailAfterAsync(int count);

    Task StepAsync();

    Task<string> StateAsync();

    Task EndAsync();

    Task<int> SumOfAsync(IStreamGrain other, int count);
}

public sealed class StreamGrain : Grain, IStreamGrain
{
    private readonly SemaphoreSlim _steps = new(0);
    private string _state = "none";

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken token)
    {
        for (var i = 0; i < count; i++)
        {
            if (i % 7 == 0) await Task.Yield();
            yield return i;
        }
    }

    public async IAsyncEnumerable<int> StepsAsync([EnumeratorCancellation] CancellationToken token)
    {
        _state = "running";
        try
        {
            for (var i = 0; ; i++)
            {
                await _steps.WaitAsync(token);
                yield return i;
            }
        }
        finally
        {
            _state = token.IsCancellationRequested ? "cancelled" : "left";
        }
    }

    public async IAsyncEnumerable<int> FailAfterAsync(int count)
    {
        for (var i = 0; i < count; i++) yield return i;
        await Task.Yield();
        throw new InvalidOperationException("enough");
    }

    public Task StepAsync()
    {
        _steps.Release();
        return Task.CompletedTask;
    }

    public Task<string> StateAsync() => Task.FromResult(_state);

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<int> SumOfAsync(IStreamGrain other, int count)
    {
        var sum = 0;
        await foreach (var i in other.CountAsync(count)) sum += i;
        return sum;
    }
}
