using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Speculation;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Fills a step within the token budget: first one token for every decoding sequence, with guesses of those that follow, then chunks of prompts,
/// oldest first, then waiting sequences start, in the order of the queue, while there is room. A waiting sequence is skipped only while another answer of its own request
/// computes their common prompt, and a running sequence is pre-empted only for an older one, youngest first.
/// </summary>
internal sealed class StepPlanner(
    SchedulerOptions options,
    WaitingQueue waiting,
    List<Sequence> running,
    BlockTables blockTables,
    DraftPlanner drafts,
    SchedulerCounters counters,
    TimeProvider time)
{
    private bool _othersInFlight;

    /// <summary>Plans the next step into a free lane, of sequences that are in no other step.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="decodeSteps">Number of steps, at least 1, that sequences are decoded in. Each gets about as many as the others.</param>
    /// <param name="decoding">Number of steps in flight in which sequences decode.</param>
    public void Plan(StepLane lane, int decodeSteps, int decoding)
    {
        int free = 0;
        bool hasPrompts = waiting.Sequences.Count > 0;
        foreach (Sequence sequence in running)
        {
            free += sequence.IsPlanned ? 0 : 1;
            hasPrompts |= sequence is { IsPlanned: false, PendingTokens: > 1 };
        }

        _othersInFlight = free < running.Count;
        int share = decoding < decodeSteps ? (running.Count + decodeSteps - 1) / decodeSteps : 0;
        drafts.BeginStep(Math.Min(free, share), free + waiting.Sequences.Count, running.Count, hasPrompts);
        PlanDecodes(lane, share);
        lane.Decodes = lane.Batch.SliceCount;
        PlanPrefills(lane);
        StartWaiting(lane);
        if (lane.Batch.SliceCount > 0)
        {
            blockTables.MoveReleasedTo(lane.Batch);
        }
    }

    private void PlanDecodes(StepLane lane, int share)
    {
        for (int i = 0; i < running.Count && lane.Sequences.Count < share; i++)
        {
            Sequence sequence = running[i];
            if (!sequence.IsPlanned && sequence.PendingTokens == 1 && TryExtend(sequence))
            {
                Add(lane, sequence, drafts.Plan(sequence));
            }
        }
    }

    private void PlanPrefills(StepLane lane)
    {
        for (int i = 0; i < running.Count && RemainingTokens(lane.Batch) > 0; i++)
        {
            if (!running[i].IsPlanned && running[i].PendingTokens > 1)
            {
                Add(lane, running[i]);
            }
        }
    }

    private void StartWaiting(StepLane lane)
    {
        StepBatch batch = lane.Batch;
        List<Sequence> queue = waiting.Sequences;
        for (int i = 0; i < queue.Count && running.Count < options.MaxSequences && RemainingTokens(batch) > 0;)
        {
            Sequence sequence = queue[i];
            if (options.PrefixCache && WaitsForSharedPrompt(sequence))
            {
                i++;
                continue;
            }

            // One spare block per running sequence: without them, the next token of an older sequence could pre-empt this one at once.
            if (!blockTables.TryAllocate(sequence, spare: running.Count))
            {
                break;
            }

            waiting.RemoveAt(i);
            Start(sequence);
            Add(lane, sequence);
        }
    }

    /// <summary>
    /// True until the first answer of the same request has computed the full blocks of their common prompt, which this one then shares.
    /// </summary>
    private static bool WaitsForSharedPrompt(Sequence sequence)
        => sequence.PromptScores is null && sequence.Options.First is { State: not SequenceState.Finished } first
            && first.ComputedTokens < (first.PromptLength - 1) / sequence.Options.BlockPositions * sequence.Options.BlockPositions;

    private void Start(Sequence sequence)
    {
        if (sequence.StartedAt is null)
        {
            sequence.StartedAt = time.GetTimestamp();
            sequence.CachedPromptTokens = Math.Min(sequence.ComputedTokens, sequence.PromptLength);
            counters.PromptTokens += sequence.PromptLength;
            counters.CachedPromptTokens += sequence.CachedPromptTokens;
            sequence.ReportProgress(time);
        }

        sequence.State = SequenceState.Running;
        int index = running.Count;
        while (index > 0 && running[index - 1].Arrival > sequence.Arrival)
        {
            index--;
        }

        running.Insert(index, sequence);
    }

    private void Add(StepLane lane, Sequence sequence, DraftTokens guesses = default)
    {
        StepBatch batch = lane.Batch;
        int count = Math.Min(sequence.PendingTokens, Math.Min(options.PrefillChunk, RemainingTokens(batch)));
        bool wantsToken = count == sequence.PendingTokens && sequence.WantsToken;
        batch.Add(
            sequence.Tokens(sequence.ComputedTokens, count + guesses.Count),
            sequence.ComputedTokens,
            sequence.Blocks,
            wantsToken ? sequence.Sampling : null,
            sequence.Session,
            sequence.Scoring(count),
            guesses,
            sequence.Options.Adapter,
            new MtpRequest(
                count < sequence.PendingTokens ? sequence.Tokens(sequence.ComputedTokens + count, 1)[0] : null,
                wantsToken ? drafts.ChooseMtp(sequence, guesses) : 0));
        sequence.IsPlanned = true;
        lane.Sequences.Add(sequence);
    }

    /// <summary>Finds a block for the sequence's next token, if necessary by pre-empting the youngest sequence that is in no step.</summary>
    /// <returns>False if there is none younger: the sequence has been pre-empted, or waits for the steps in flight, which may end others.</returns>
    private bool TryExtend(Sequence sequence)
    {
        while (!blockTables.TryExtend(sequence))
        {
            // Decodes are planned oldest first, so the youngest sequence not planned yet is never older than this one.
            int youngest = running.FindLastIndex(static other => !other.IsPlanned);
            Sequence victim = running[youngest];
            if (victim == sequence && _othersInFlight)
            {
                return false;
            }

            running.RemoveAt(youngest);
            Preempt(victim);
            if (victim == sequence)
            {
                return false;
            }
        }

        return true;
    }

    private void Preempt(Sequence sequence)
    {
        blockTables.Release(sequence);
        sequence.State = SequenceState.Waiting;
        waiting.Requeue(sequence);
        counters.Preemptions++;
    }

    private int RemainingTokens(StepBatch batch)
        => Math.Min(options.TokenBudget - batch.TokenCount, batch.FreeSlices > 0 ? batch.FreeTokens : 0);
}
