using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Waits for a step as long as a shard is computing it, and ends the wait soon after no shard knows the step: a caller that only waits cannot tell a
/// lost call from a slow one. Steps with more bytes get more time on their way.
/// </summary>
/// <param name="options">Intervals, and the slowest network that counts as working.</param>
/// <param name="rowBytes">Bytes of a row of the residual stream.</param>
/// <param name="time">The clock.</param>
internal sealed class StepTimeout(HunyuanSiloOptions options, int rowBytes, TimeProvider time)
{
    /// <summary>How many times in a row no shard may know the step: it may be between two silos.</summary>
    private const int MissesAllowed = 2;

    /// <summary>How many intervals a silo may take to answer a probe.</summary>
    private const int ProbeIntervals = 4;

    /// <summary>Sends a step and waits for its reply.</summary>
    /// <exception cref="TimeoutException">The step is lost.</exception>
    /// <exception cref="Exception">An exception of a shard.</exception>
    public async Task<StepReply> SendAsync(Route route, StepMessage step, CancellationToken cancellationToken)
    {
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<StepReply> reply = LongCall.SendAsync(route.Stages[0].Grain, step, attempt.Token);
        long bytes = (long)step.Tokens.Length * rowBytes;

        // The last message of a step's rows is between two silos; those before it keep the sending shard busy.
        int misses = 0, allowed = MissesAllowed + (int)(options.TransferTime(Math.Min(bytes, options.MessageBytes)) / options.StepProbeInterval);
        TimeSpan probeTimeout = (ProbeIntervals * options.StepProbeInterval)
            + options.TransferTime(Math.Min(bytes, (long)options.MessagesInFlight * options.MessageBytes));
        try
        {
            while (await IsOverdueAsync(reply, cancellationToken).ConfigureAwait(false))
            {
                misses = await IsComputedAsync(route, step, probeTimeout).ConfigureAwait(false) ? 0 : misses + 1;
                if (misses > allowed && !reply.IsCompleted)
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
        await Task.WhenAny(reply, Task.Delay(options.StepProbeInterval, time, cancellationToken)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return !reply.IsCompleted;
    }

    // A probe may have to wait behind rows of the step.
    private async Task<bool> IsComputedAsync(Route route, StepMessage step, TimeSpan probeTimeout)
    {
        StepPhase[] phases = await Task.WhenAll(route.Stages.Select(
            stage => stage.Grain.PhaseAsync(step.Epoch, step.Number).WaitAsync(probeTimeout, time))).ConfigureAwait(false);
        return phases.Contains(StepPhase.Running);
    }
}
