using HunyuanOrleans.Engine.Execution;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Fills a step: every running answer gets its token first, then prompts are computed in chunks, the oldest first, then the oldest
/// waiting sequences start while there is room. First come, first served: who waits is passed by only while another answer of its
/// own request still computes their common prompt. Who runs gives way only to older ones, the youngest first.
/// </summary>
internal sealed class StepPlanner(
    SchedulerOptions options,
    WaitingQueue waiting,
    List<Sequence> running,
    BlockTables tables,
    SchedulerCounters counters,
    TimeProvider time)
{
    private readonly List<Sequence> _planned = new(options.MaxSequences);

    /// <summary>The sequences of the step, slice by slice.</summary>
    public List<Sequence> Planned => _planned;

    /// <summary>Plans the next step into an empty batch.</summary>
    public void Plan(StepBatch batch)
    {
        foreach (Sequence sequence in _planned)
        {
            sequence.Planned = false;
        }

        _planned.Clear();
        PlanDecodes(batch);
        PlanPrefills(batch);
        StartWaiting(batch);
    }

    private void PlanDecodes(StepBatch batch)
    {
        for (int i = 0; i < running.Count; i++)
        {
            Sequence sequence = running[i];
            if (sequence.Pending == 1 && MakeRoom(sequence))
            {
                Add(batch, sequence);
            }
        }
    }

    private void PlanPrefills(StepBatch batch)
    {
        for (int i = 0; i < running.Count && Budget(batch) > 0; i++)
        {
            if (!running[i].Planned)
            {
                Add(batch, running[i]);
            }
        }
    }

    private void StartWaiting(StepBatch batch)
    {
        List<Sequence> queue = waiting.Sequences;
        for (int i = 0; i < queue.Count && running.Count < options.MaxSequences && Budget(batch) > 0;)
        {
            Sequence sequence = queue[i];
            if (options.PrefixCache && WaitsForSharedPrompt(sequence))
            {
                i++;
                continue;
            }

            // A spare block for each that runs: else the next token of an older one would throw the newcomer out at once.
            if (!tables.TryFill(sequence, spare: running.Count))
            {
                break;
            }

            waiting.RemoveAt(i);
            Start(sequence);
            Add(batch, sequence);
        }
    }

    /// <summary>The other answers of a request start once the first has computed the full blocks of their common prompt.</summary>
    private static bool WaitsForSharedPrompt(Sequence sequence)
        => sequence.Options.First is { State: not SequenceState.Finished } first
            && first.Computed < (first.PromptLength - 1) / sequence.Options.BlockPositions * sequence.Options.BlockPositions;

    private void Start(Sequence sequence)
    {
        if (sequence.Started is null)
        {
            sequence.Started = time.GetTimestamp();
            sequence.CachedPromptTokens = Math.Min(sequence.Computed, sequence.PromptLength);
            counters.PromptTokens += sequence.PromptLength;
            counters.CachedPromptTokens += sequence.CachedPromptTokens;
        }

        sequence.State = SequenceState.Running;
        int place = running.Count;
        while (place > 0 && running[place - 1].Arrival > sequence.Arrival)
        {
            place--;
        }

        running.Insert(place, sequence);
    }

    private void Add(StepBatch batch, Sequence sequence)
    {
        int count = Math.Min(sequence.Pending, Math.Min(options.PrefillChunk, Budget(batch)));
        bool wantsToken = count == sequence.Pending;
        batch.Add(
            sequence.TokensFrom(sequence.Computed, count),
            sequence.Computed,
            sequence.Blocks,
            wantsToken ? sequence.Sampling : null,
            sequence.Session);
        sequence.Planned = true;
        _planned.Add(sequence);
    }

    /// <summary>Finds a block for the next token, by pre-empting if need be; false where the sequence itself had to give way.</summary>
    private bool MakeRoom(Sequence sequence)
    {
        while (!tables.TryGrow(sequence))
        {
            // Decodes are planned oldest first, so the youngest not planned yet is never older than this one.
            int youngest = running.FindLastIndex(static other => !other.Planned);
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
        tables.Clear(sequence);
        sequence.State = SequenceState.Waiting;
        waiting.PutBack(sequence);
        counters.Preemptions++;
    }

    private int Budget(StepBatch batch) => Math.Min(options.TokenBudget - batch.TokenCount, batch.FreeSlices > 0 ? batch.FreeTokens : 0);
}
