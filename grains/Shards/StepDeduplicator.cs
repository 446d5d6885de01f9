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

    /// <summary>Runs a step unless it has run before.</summary>
    /// <exception cref="StaleStepException">A later step was here.</exception>
    public Task<StepReply> Enter(long epoch, long number, Func<Task<StepReply>> run)
    {
        TaskCompletionSource<StepReply> reply;
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
            (_epoch, _number, _forwarded, _reply) = (epoch, number, false, reply.Task);
        }

        return CompleteAsync(run, reply);
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

    private static async Task<StepReply> CompleteAsync(Func<Task<StepReply>> run, TaskCompletionSource<StepReply> reply)
    {
        try
        {
            StepReply result = await run();
            reply.SetResult(result);
            return result;
        }
        catch (Exception fault)
        {
            reply.SetException(fault);

            // Most steps arrive once, so that nobody awaits the copy: reading Exception marks it as observed.
            _ = reply.Task.Exception;
            throw;
        }
    }
}
