using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Scheduling;

namespace HunyuanOrleans.Engine.Speculation;

/// <summary>
/// Chooses the guesses of each step within the room that the step and the KV pool leave, and learns from how they ended. It never makes a sequence wait
/// or be pre-empted: guesses take only what no sequence needs now.
/// </summary>
/// <param name="options">The scheduler's options, fitted to the executor.</param>
/// <param name="limits">The capacities of the executor.</param>
/// <param name="blockTables">Gives blocks to sequences.</param>
/// <param name="counters">Counts guesses.</param>
internal sealed class DraftPlanner(SchedulerOptions options, ExecutorLimits limits, BlockTables blockTables, SchedulerCounters counters)
{
    /// <summary>
    /// Most masks that guesses add to a step. Each takes the size of the vocabulary in bits, is computed before the step, and travels with it on a cluster.
    /// </summary>
    private const int MaxMasks = 32;

    /// <summary>Further tokens of an answer whose index is reserved at once, so that its steps allocate nothing; longer answers double it.</summary>
    private const int ReservedTokens = 8192;

    /// <summary>How much of the past counts with each new guess of the MTP layer, over all answers.</summary>
    private const double MtpMemory = 0.99;

    private readonly StepCost _cost = new();
    private double _mtpAccepted = DraftLength.FirstAcceptance * DraftLength.FirstWeight, _mtpExamined = DraftLength.FirstWeight;
    private int _room;
    private int _rows;
    private int _spareBlocks;
    private int _masks;
    private double _gain;
    private double _expected;

    /// <summary>Begins a step.</summary>
    /// <param name="decodes">Number of sequences that decode in the step; each has one row.</param>
    /// <param name="slices">Most sequences that may take part in the step.</param>
    /// <param name="spareBlocks">Number of blocks that guesses must leave.</param>
    /// <param name="hasPrompts">True if prompts are to be computed too; they get at least half of the rows that decoding leaves.</param>
    public void BeginStep(int decodes, int slices, int spareBlocks, bool hasPrompts)
    {
        int rows = options.TokenBudget - decodes;
        int sampled = limits.MaxBatchSequences - Math.Min(options.MaxSequences, slices);
        _room = options.Speculation is { MaxTokens: 0, MtpTokens: 0 } ? 0 : Math.Max(0, Math.Min(hasPrompts ? rows / 2 : rows, sampled));
        _rows = decodes;
        _expected = decodes;
        _spareBlocks = spareBlocks;
        _masks = MaxMasks;
    }

    /// <summary>Guesses the next tokens of a sequence that decodes, and takes the blocks that they need.</summary>
    public DraftTokens Plan(Sequence sequence)
    {
        // The last token of an answer is never computed.
        int max = Math.Min(_room, sequence.Options.MaxTokens - sequence.AnswerLength - 1);
        max = sequence.Restrictions.Vary ? Math.Min(max, _masks) : max;
        if (max <= 0)
        {
            return default;
        }

        SequenceDrafts known = DraftsOf(sequence);
        int count = GuessFromText(sequence, known, max, out double gain);
        int made = blockTables.PositionsAhead(sequence, Math.Min(max, known.MtpCount), _spareBlocks);
        double expected = known.MtpLength.Expect(made);

        // A gain of 0 marks a trial of a single token, which is rare and goes first: the text may have begun to repeat itself.
        if (made > 0 && (count == 0 || (options.Speculation.Adaptive && gain > 0 && gain < expected)))
        {
            (count, gain) = (known.TakeMtp(sequence, made), expected);
        }

        DraftTokens drafts = known.Restrict(sequence, count);
        blockTables.ExtendAhead(sequence, drafts.Count);
        _room -= drafts.Count;
        _rows += drafts.Count;
        _gain = Math.Min(gain, drafts.Count);
        _expected += _gain;
        _masks -= drafts.Restrictions.Length;
        return drafts;
    }

    /// <summary>
    /// Chooses how many tokens the MTP layer guesses after this step, to be verified in the next one. None while guesses from the text so far are verified:
    /// these cost nothing to make and are longer. It decides before the step, because each guess takes the layer and lm_head once.
    /// </summary>
    /// <param name="sequence">A sequence that draws a token in the step; its guesses are planned.</param>
    /// <param name="drafts">Its guesses in the step.</param>
    public int ChooseMtp(Sequence sequence, in DraftTokens drafts)
    {
        // The step appends at least one token, and the last token of an answer is never computed.
        int max = Math.Min(options.Speculation.MtpTokens, sequence.Options.MaxTokens - sequence.AnswerLength - 2);
        if (max <= 0)
        {
            return 0;
        }

        SequenceDrafts known = DraftsOf(sequence);
        if (drafts.Count > 0 && !known.IsMtp)
        {
            return 0;
        }

        if (!options.Speculation.MtpAdaptive)
        {
            return max;
        }

        // The next step is like this one, without this sequence's guesses. A step that only ends a prompt has no decoding row yet.
        double others = _expected - (drafts.Count > 0 ? _gain : 0);
        return known.MtpLength.Choose(max, Math.Max(1, others), Math.Max(1, _rows - drafts.Count), _cost, out _);
    }

    /// <summary>Records how many of a sequence's guesses were right.</summary>
    public void Record(Sequence sequence, int drafted, int accepted)
    {
        counters.DraftedTokens += drafted;
        counters.AcceptedDraftTokens += accepted;
        if (sequence.Drafts!.IsMtp)
        {
            counters.MtpDraftedTokens += drafted;
            counters.AcceptedMtpTokens += accepted;
            sequence.Drafts.MtpLength.Record(drafted, accepted);
            _mtpAccepted = (MtpMemory * _mtpAccepted) + accepted;
            _mtpExamined = (MtpMemory * _mtpExamined) + Math.Min(drafted, accepted + 1);
        }
        else
        {
            sequence.Drafts.Length.Record(drafted, accepted);
        }
    }

    /// <summary>Records the time of a step in which all sequences decoded.</summary>
    public void RecordStep(int rows, TimeSpan time) => _cost.Record(rows, time.TotalMicroseconds);

    private int GuessFromText(Sequence sequence, SequenceDrafts known, int max, out double gain)
    {
        int count = known.Propose(sequence, Math.Min(max, options.Speculation.MaxTokens));
        count = blockTables.PositionsAhead(sequence, count, _spareBlocks);
        gain = count;
        return options.Speculation.Adaptive ? known.Length.Choose(count, _expected, _rows, _cost, out gain) : count;
    }

    // How often the MTP layer is right depends on the model more than on the answer, so a new answer begins with what the others have shown.
    private SequenceDrafts DraftsOf(Sequence sequence) => sequence.Drafts ??= new SequenceDrafts(
        options.Speculation.MaxTokens == 0
            ? null
            : new NgramDraftSource(sequence.Length + Math.Min(sequence.Options.MaxTokens - sequence.AnswerLength, ReservedTokens)),
        _mtpAccepted / _mtpExamined);
}
