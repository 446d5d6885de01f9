using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Waits for a step as long as a shard is computing it, and ends the wait soon after no shard knows the step: a caller that only waits cannot tell a
/// lost call from a slow one.
/// </summary>
internal sealed class StepTimeout(TimeSpan interval, TimeProvider time)
{
    /// <summary>How many times in a row no shard may know the step: it may be between two silos.</summary>
    private const int MissesAllowed = 2;

    /// <summary>Sends a step and waits for its reply.</summary>
    /// <exception cref="TimeoutException">The step is lost.</exception>
    /// <exception cref="Exception">An exception of a shard.</exception>
    public async Task<StepReply> SendAsync(Route route, StepMessage step, CancellationToken cancellationToken)
    {
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<StepReply> reply = route.Stages[0].Grain.ForwardAsync(step, attempt.Token);
        int misses = 0;
        try
        {
            while (await IsOverdueAsync(reply, cancellationToken).ConfigureAwait(false))
            {
                misses = await IsComputedAsync(route, step).ConfigureAwait(false) ? 0 : misses + 1;
                if (misses > MissesAllowed && !reply.IsCompleted)
                {
                    throw new TimeoutException($"No shard knows step {step.Number} any more.");
                }
            }

            return await reply.ConfigureAwait(false);
        }
        catch
        {
            await attempt.CancelAsync().ConfigureAwait(false);
            _ = reply.ContinueWith(static late => late.Exception, TaskScheduler.Default);
            throw;
        }
    }

    private async Task<bool> IsOverdueAsync(Task<StepReply> reply, CancellationToken cancellationToken)
    {
        await Task.WhenAny(reply, Task.Delay(interval, time, cancellationToken)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return !reply.IsCompleted;
    }

    private async Task<bool> IsComputedAsync(Route route, StepMessage step)
    {
        StepPhase[] phases = await Task.WhenAll(route.Stages.Select(
            stage => stage.Grain.PhaseAsync(step.Epoch, step.Number).WaitAsync(4 * interval, time))).ConfigureAwait(false);
        return phases.Contains(StepPhase.Running);
    }
}
