using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Work that may take longer than a call should: a call waits for a part of the response timeout, then tells the caller to ask again. So a lost reply is
/// noticed within the response timeout, however long the work takes.
/// </summary>
/// <param name="options">The response timeout.</param>
/// <param name="time">The clock.</param>
public sealed class LongCall(IOptions<SiloMessagingOptions> options, TimeProvider time)
{
    private readonly TimeSpan _wait = options.Value.ResponseTimeout / 2;

    /// <summary>Waits for work as long as one call should.</summary>
    /// <returns>True if the work has ended, whether it succeeded or not.</returns>
    public Task<bool> WaitAsync(Task work) => WaitAsync(work, _wait);

    /// <summary>Waits for work at most as long as given, where one call should take less than the response timeout allows.</summary>
    /// <returns>The result; null if the work has not ended.</returns>
    /// <exception cref="Exception">The exception of the work.</exception>
    public async Task<T?> WaitAsync<T>(Task<T> work, TimeSpan maxWait) where T : class => await WaitAsync((Task)work, maxWait) ? await work : null;

    private async Task<bool> WaitAsync(Task work, TimeSpan maxWait)
    {
        if (!work.IsCompleted)
        {
            await work.WaitAsync(maxWait, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        return work.IsCompleted;
    }

    /// <summary>Sends a step to a shard and waits for its reply as long as it takes.</summary>
    /// <exception cref="Exception">An exception of a shard, or a call was lost.</exception>
    public static async Task<StepReply> SendAsync(IAttentionShardGrain shard, StepMessage step, CancellationToken cancellationToken)
    {
        StepReply? reply = await shard.ForwardAsync(step, cancellationToken);
        while (reply is null)
        {
            reply = await shard.ResultAsync(step.Epoch, step.Number, cancellationToken);
        }

        return reply;
    }
}
