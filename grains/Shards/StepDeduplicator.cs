using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Lets each step into a shard once: one that comes again gets the first one's reply, one that comes after a later step is refused, since it
/// would overwrite KV that is somebody else's by now. Any thread.
/// </summary>
public sealed class StepDeduplicator
{
    private readonly Lock _gate = new();
    private long _epoch;
    private long _number;
    private bool _handedOn;
    private Task<StepReply>? _reply;

    /// <summary>Runs a step, unless it was here.</summary>
    /// <exception cref="StaleStepException">A later one was here.</exception>
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
            (_epoch, _number, _handedOn, _reply) = (epoch, number, false, reply.Task);
        }

        return CompleteAsync(run, reply);
    }

    /// <summary>Notes that a step has left for the next shard.</summary>
    public void HandedOn(long epoch, long number)
    {
        lock (_gate)
        {
            _handedOn |= epoch == _epoch && number == _number;
        }
    }

    /// <summary>Where a step is.</summary>
    public StepPhase PhaseOf(long epoch, long number)
    {
        lock (_gate)
        {
            return epoch != _epoch || number != _number || _reply is null ? StepPhase.Unknown
                : _reply.IsCompleted ? StepPhase.Done
                : _handedOn ? StepPhase.HandedOn
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

            // Observed here: most steps come once and nobody else awaits the copy.
            _ = reply.Task.Exception;
            throw;
        }
    }
}
