using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Streaming;
using Polly;
using Polly.Timeout;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Retries short calls to the cluster while silos join and leave. <see cref="ResumingStream"/> does the same for streams.</summary>
/// <param name="timeout">Time limit over all attempts of a call.</param>
/// <param name="time">The clock.</param>
internal sealed class CallRetryPolicy(TimeSpan timeout, TimeProvider time)
{
    private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddTimeout(timeout)
        .AddRetry(ExponentialRetry.Create(int.MaxValue, TransientErrors.IsTransient))
        .Build();

    /// <summary>Makes a call that may safely run more than once.</summary>
    /// <exception cref="GenerationFailedException">The cluster did not respond in time.</exception>
    public async Task<T> ExecuteAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token => await call().WaitAsync(token), cancellationToken);
        }
        catch (TimeoutRejectedException late)
        {
            throw new GenerationFailedException($"The cluster did not answer for {timeout.TotalSeconds:0} seconds. Try again later.", late);
        }
    }
}
