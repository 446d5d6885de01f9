using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Runs each step of a shard once. A step that arrives again gets the first reply. A step that arrives after a later one is refused, because it
/// would overwrite KV blocks that belong to other sequences by now. Thread-safe.
/// </summary>
public sealed class StepDeduplicator
{
    private readonly Lock _gate = new();
    private long _epoch;
    private long _number;
    private bool _forwarded;
    private Task<StepReply>? _reply;
    private CancellationTokenSource _cancellation = new();

    /// <summary>Runs a step unless it has run before.</summary>
    /// <param name="epoch">Epoch of the step.</param>
    /// <param name="number">Number of the step.</param>
    /// <param name="run">Runs the step. Its token is cancelled by <see cref="Cancel"/>.</param>
    /// <exception cref="StaleStepException">A later step was here.</exception>
    public Task<StepReply> Enter(long epoch, long number, Func<CancellationToken, Task<StepReply>> run)
    {
        TaskCompletionSource<StepReply> reply;
        CancellationToken cancellationToken;
        lock (_gate)
        {
            if (epoch == _epoch && number == _number && _reply is not null)
            {
                return _reply;
            }

            if (epoch < _epoch || (epoch == _epoch && number <= _number))
            {
                throw new StaleStepException($"Step {number} of epoch {epoch} comes late: step {_number} of epoch {_epoch} was here.");
            }

            reply = new TaskCompletionSource<StepReply>(TaskCreationOptions.RunContinuationsAsynchronously);
            (_epoch, _number, _forwarded, _reply, _cancellation) = (epoch, number, false, reply.Task, new CancellationTokenSource());
            cancellationToken = _cancellation.Token;
        }

        _ = CompleteAsync(run, reply, cancellationToken);
        return reply.Task;
    }

    /// <summary>The reply of a step that has run or is running.</summary>
    /// <exception cref="StaleStepException">The step is not here, or a later one was.</exception>
    public Task<StepReply> Find(long epoch, long number)
    {
        lock (_gate)
        {
            return epoch == _epoch && number == _number && _reply is not null
                ? _reply
                : throw new StaleStepException($"Step {number} of epoch {epoch} is not here: step {_number} of epoch {_epoch} was.");
        }
    }

    /// <summary>Abandons a step that nobody waits for.</summary>
    public void Cancel(long epoch, long number)
    {
        CancellationTokenSource? cancellation;
        lock (_gate)
        {
            cancellation = epoch == _epoch && number == _number ? _cancellation : null;
        }

        cancellation?.Cancel();
    }

    /// <summary>Records that a step was sent to the next shard.</summary>
    public void MarkForwarded(long epoch, long number)
    {
        lock (_gate)
        {
            _forwarded |= epoch == _epoch && number == _number;
        }
    }

    /// <summary>Where a step is.</summary>
    public StepPhase PhaseOf(long epoch, long number)
    {
        lock (_gate)
        {
            return epoch != _epoch || number != _number || _reply is null ? StepPhase.Unknown
                : _reply.IsCompleted ? StepPhase.Done
                : _forwarded ? StepPhase.Forwarded
                : StepPhase.Running;
        }
    }

    private static async Task CompleteAsync(
        Func<CancellationToken, Task<StepReply>> run, TaskCompletionSource<StepReply> reply, CancellationToken cancellationToken)
    {
        try
        {
            reply.SetResult(await run(cancellationToken));
        }
        catch (Exception fault)
        {
            reply.SetException(fault);

            // The sender may have gone: reading Exception marks it as observed.
            _ = reply.Task.Exception;
        }
    }
}
