using System.Security.Cryptography;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine;

/// <summary>Validates requests, creates one sequence per answer and queues them with the scheduler. Safe for any thread.</summary>
/// <param name="scheduler">Queues the sequences.</param>
/// <param name="limits">The executor's capacities.</param>
/// <param name="options">The engine's options.</param>
/// <param name="time">The clock.</param>
/// <param name="wake">Wakes the scheduler's thread; called after each submission and cancellation.</param>
internal sealed class RequestAdmission(
    Scheduler scheduler, ExecutorLimits limits, EngineOptions options, TimeProvider time, Action wake)
{
    /// <summary>Validates a request, and counts its answers as waiting before it is submitted.</summary>
    /// <returns>The number of answers. The caller submits them, or releases them.</returns>
    /// <exception cref="RequestException">The request is invalid or can never be served.</exception>
    /// <exception cref="QueueFullException">Too many answers are waiting.</exception>
    public int Reserve(GenerationRequest request)
    {
        Check(request);
        int answers = request.Resume?.Count ?? request.Choices;
        scheduler.Reserve(answers);
        return answers;
    }

    /// <summary>Takes back what was reserved for answers that are not submitted.</summary>
    public void Release(int answers) => scheduler.Release(answers);

    /// <summary>Validates and queues a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="adapter">The adapter that it names; null (default) if it names none.</param>
    /// <param name="isReserved">True if its answers count as waiting already. Default: false.</param>
    /// <exception cref="RequestException">The request is invalid or can never be served.</exception>
    /// <exception cref="QueueFullException">Too many answers are waiting.</exception>
    public Generation Submit(GenerationRequest request, IAdapter? adapter = null, bool isReserved = false)
    {
        if (request.Adapter is { } name && adapter is null)
        {
            throw new RequestException("model", $"The adapter '{name}' cannot be used: this model has no adapters.");
        }

        int maxTokens = Check(request);
        ulong seed = request.Sampling.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        Sequence[] sequences;
        try
        {
            sequences = CreateSequences(request, adapter, seed, maxTokens);
        }
        catch (ConstraintException exception)
        {
            // The ids that an answer is resumed with break its constraint.
            throw new RequestException(exception.Parameter, exception.Message);
        }

        if (!isReserved)
        {
            scheduler.Reserve(sequences.Length);
        }

        scheduler.Submit(sequences);
        wake();
        return new Generation(Array.ConvertAll(sequences, static sequence => sequence.Stream), seed);
    }

    private int Check(GenerationRequest request)
    {
        int maxTokens = RequestValidator.Check(request, limits, scheduler.Text);
        return request.Choices <= options.Scheduler.QueueLength
            ? maxTokens
            : throw RequestException.NotAllowed("n", request.Choices, $"up to the queue's length, {options.Scheduler.QueueLength}");
    }

    private Sequence[] CreateSequences(GenerationRequest request, IAdapter? adapter, ulong seed, int maxTokens)
    {
        int[] stopIds = request.IgnoreEos ? [.. request.StopIds] : [.. options.EosIds, .. request.StopIds];
        StopStringSet? stopPatterns = request.StopStrings.Count > 0 ? new StopStringSet(request.StopStrings) : null;
        UInt128 cacheRoot = BlockHash.Root(request.CacheSalt, adapter?.Digest);
        long now = time.GetTimestamp();
        var sequences = new Sequence[request.Resume?.Count ?? request.Choices];
        Sequence? first = null;
        for (int i = 0; i < sequences.Length; i++)
        {
            int choice = request.Resume?[i].Index ?? i;
            var sequenceOptions = new SequenceOptions
            {
                Request = request,
                Choice = choice,
                Seed = CounterRandom.ForChoice(seed, choice),
                MaxTokens = maxTokens,
                BlockPositions = limits.BlockPositions,
                CacheRoot = cacheRoot,
                Adapter = adapter,
                StopIds = stopIds,
                StopStrings = stopPatterns is null ? null : new StopStringMatcher(stopPatterns),
                Constraint = request.Constraint?.CreateState(),
                Reasoning = request.Reasoning is { } limit ? new ReasoningCounter(limit, scheduler.Text!) : null,
                First = first,
                ResumedIds = request.Resume?[i].Ids ?? default,
            };
            FinishReason finished = StopCondition.CheckResumed(sequenceOptions, scheduler.Text, out bool isStopId);
            sequences[i] = new Sequence(sequenceOptions, OnCancel, now) { FinishedByResume = finished, ResumeEndsWithStopId = isStopId };
            first ??= finished == FinishReason.None ? sequences[i] : null;
        }

        return sequences;
    }

    private void OnCancel(Sequence sequence)
    {
        scheduler.NotifyCancelRequested();
        wake();
    }
}
