using System.Security.Cryptography;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Text;

namespace HunyuanOrleans.Engine;

/// <summary>Checks requests, makes one sequence per answer and queues them together. Any thread. It does not know when they run.</summary>
/// <param name="scheduler">Where they wait.</param>
/// <param name="limits">The executor's capacities.</param>
/// <param name="options">The engine's options.</param>
/// <param name="time">The clock.</param>
/// <param name="wake">Called when there is something to do: a submission or a cancellation.</param>
internal sealed class RequestIntake(
    Scheduler scheduler, ExecutorLimits limits, EngineOptions options, TimeProvider time, Action wake)
{
    /// <summary>Checks and queues a request.</summary>
    /// <exception cref="RequestException">It is wrong or can never be served.</exception>
    /// <exception cref="QueueFullException">Too many answers wait.</exception>
    public Generation Submit(GenerationRequest request)
    {
        int maxTokens = RequestRules.Check(request, limits, scheduler.Text is not null);
        if (request.Choices > options.Scheduler.QueueLength)
        {
            throw RequestException.NotAllowed("n", request.Choices, $"up to the queue's length, {options.Scheduler.QueueLength}");
        }

        ulong seed = request.Sampling.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        Sequence[] sequences = CreateSequences(request, seed, maxTokens);
        scheduler.Submit(sequences);
        wake();
        return new Generation(Array.ConvertAll(sequences, static sequence => sequence.Stream), seed);
    }

    private Sequence[] CreateSequences(GenerationRequest request, ulong seed, int maxTokens)
    {
        int[] stopIds = request.IgnoreEos ? [.. request.StopIds] : [.. options.EosIds, .. request.StopIds];
        StopPatterns? stops = request.StopStrings.Count > 0 ? new StopPatterns(request.StopStrings) : null;
        UInt128 root = BlockHash.Root(request.CacheSalt);
        long now = time.GetTimestamp();
        var sequences = new Sequence[request.Resume?.Count ?? request.Choices];
        Sequence? first = null;
        for (int i = 0; i < sequences.Length; i++)
        {
            int choice = request.Resume?[i].Index ?? i;
            var fixedParts = new SequenceOptions(
                request,
                choice,
                CounterRandom.ForChoice(seed, choice),
                maxTokens,
                limits.BlockPositions,
                root,
                stopIds,
                stops is null ? null : new StopMatcher(stops),
                request.Constraint?.Begin(),
                first,
                request.Resume?[i].Ids ?? default);
            FinishReason ended = AnswerEnd.OfResumed(fixedParts, scheduler.Text, out bool isStopId);
            sequences[i] = new Sequence(fixedParts, Cancel, now) { EndedBefore = ended, EndedByStopId = isStopId };
            first ??= ended == FinishReason.None ? sequences[i] : null;
        }

        return sequences;
    }

    private void Cancel(Sequence sequence)
    {
        scheduler.NoteCancel();
        wake();
    }
}
