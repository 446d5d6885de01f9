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
    private readonly List<Sequence> _planned = new(options.MaxSequences);

    /// <summary>The sequences of the step; entry i belongs to slice i of the batch.</summary>
    public List<Sequence> Planned => _planned;

    /// <summary>True if every sequence of the step decodes: none computes its prompt or computes tokens again.</summary>
    public bool OnlyDecodes { get; private set; }

    /// <summary>Plans the next step into an empty batch.</summary>
    public void Plan(StepBatch batch)
    {
        foreach (Sequence sequence in _planned)
        {
            sequence.IsPlanned = false;
        }

        _planned.Clear();
        PlanDecodes(batch);
        int decodes = batch.SliceCount;
        PlanPrefills(batch);
        StartWaiting(batch);
        OnlyDecodes = batch.SliceCount == decodes;
    }

    private void PlanDecodes(StepBatch batch)
    {
        bool hasPrompts = waiting.Sequences.Count > 0 || running.Exists(static sequence => sequence.PendingTokens > 1);
        drafts.BeginStep(running.Count, waiting.Sequences.Count, hasPrompts);
        for (int i = 0; i < running.Count; i++)
        {
            Sequence sequence = running[i];
            if (sequence.PendingTokens == 1 && TryExtend(sequence))
            {
                Add(batch, sequence, drafts.Plan(sequence));
            }
        }
    }

    private void PlanPrefills(StepBatch batch)
    {
        for (int i = 0; i < running.Count && RemainingTokens(batch) > 0; i++)
        {
            if (!running[i].IsPlanned)
            {
                Add(batch, running[i]);
            }
        }
    }

    private void StartWaiting(StepBatch batch)
    {
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
            Add(batch, sequence);
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

    private void Add(StepBatch batch, Sequence sequence, DraftTokens guesses = default)
    {
        int count = Math.Min(sequence.PendingTokens, Math.Min(options.PrefillChunk, RemainingTokens(batch)));
        bool wantsToken = count == sequence.PendingTokens && sequence.WantsToken;
        batch.Add(
            sequence.Tokens(sequence.ComputedTokens, count + guesses.Count),
            sequence.ComputedTokens,
            sequence.Blocks,
            wantsToken ? sequence.Sampling : null,
            sequence.Session,
            sequence.Scoring(count),
            guesses);
        sequence.IsPlanned = true;
        _planned.Add(sequence);
    }

    /// <summary>Finds a block for the sequence's next token, if necessary by pre-empting the youngest sequence.</summary>
    /// <returns>False if the sequence itself was the youngest and has been pre-empted.</returns>
    private bool TryExtend(Sequence sequence)
    {
        while (!blockTables.TryExtend(sequence))
        {
            // Decodes are planned oldest first, so the youngest sequence not planned yet is never older than this one.
            int youngest = running.FindLastIndex(static other => !other.IsPlanned);
            Sequence victim = running[youngest];
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
