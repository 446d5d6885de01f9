using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Engine.Speculation;

/// <summary>The guesses of one sequence: where they come from, how many pay, and which tokens may follow each.</summary>
/// <param name="source">Guesses tokens from the text so far; null if that is off.</param>
/// <param name="mtpAcceptance">The part of the MTP layer's guesses that is assumed to be right at first.</param>
internal sealed class SequenceDrafts(IDraftSource? source, double mtpAcceptance)
{
    private readonly int[] _mtp = new int[SpeculationOptions.LongestMtp];
    private TokenRestriction[] _restrictions = [];
    private ulong[]?[] _masks = [];
    private int[]?[] _forbidden = [];
    private AnswerRestrictions? _ahead;

    /// <summary>Decides how many tokens to guess from the text so far.</summary>
    public DraftLength Length { get; } = new();

    /// <summary>Decides how many tokens the MTP layer is to guess.</summary>
    public DraftLength MtpLength { get; } = new(mtpAcceptance);

    /// <summary>Number of tokens that the MTP layer guesses to follow the sequence's last one.</summary>
    public int MtpCount { get; private set; }

    /// <summary>Whether the guesses of the present step are those of the MTP layer.</summary>
    public bool IsMtp { get; private set; }

    /// <summary>Keeps what the MTP layer guesses to follow the tokens that were just appended, instead of what it guessed before.</summary>
    public void KeepMtp(ReadOnlySpan<int> drafts)
    {
        drafts.CopyTo(_mtp);
        MtpCount = drafts.Length;
    }

    /// <summary>Takes the guesses of the MTP layer into the sequence's <see cref="Sequence.Ahead"/>.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="count">Number of tokens, at most <see cref="MtpCount"/>.</param>
    /// <returns>Number of tokens taken. The answer does not end with any of them.</returns>
    public int TakeMtp(Sequence sequence, int count)
    {
        IsMtp = true;
        Span<int> drafts = sequence.Ahead(count).Span;
        _mtp.AsSpan(0, count).CopyTo(drafts);
        return BeforeStop(sequence, drafts);
    }

    /// <summary>Guesses the next tokens of a sequence from the text so far into its <see cref="Sequence.Ahead"/>.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="max">Most tokens to guess.</param>
    /// <returns>Number of tokens guessed. The answer does not end with any of them.</returns>
    public int Propose(Sequence sequence, int max)
    {
        IsMtp = false;
        if (source is null)
        {
            return 0;
        }

        Span<int> drafts = sequence.Ahead(max).Span;
        int count = source.Propose(sequence.AllTokens, drafts);
        return BeforeStop(sequence, drafts[..count]);
    }

    /// <summary>Finds which tokens may follow each guess, up to the first one that is not permitted or ends the answer.</summary>
    /// <param name="sequence">The sequence, with guesses in <see cref="Sequence.Ahead"/>.</param>
    /// <param name="count">Number of guesses.</param>
    /// <returns>The guesses that are left.</returns>
    public DraftTokens Restrict(Sequence sequence, int count)
    {
        if (count == 0 || !sequence.Restrictions.Vary)
        {
            return new DraftTokens(sequence.Ahead(count), default);
        }

        if (_restrictions.Length < count)
        {
            Array.Resize(ref _restrictions, count);
            Array.Resize(ref _masks, count);
            Array.Resize(ref _forbidden, count);
        }

        _ahead ??= sequence.Restrictions.Fork();
        _ahead.CopyFrom(sequence.Restrictions);
        int left = 0;
        try
        {
            TokenRestriction before = sequence.Sampling.Restriction;
            for (; left < count && _ahead.MayExplore && before.Permits(sequence.Ahead(count).Span[left]); left++)
            {
                _ahead.Advance(sequence.Ahead(count).Span[left]);
                if (_ahead.IsFinished)
                {
                    break;
                }

                Keep(left, _ahead.Next(sequence.AnswerWithAhead(left + 1)));
                before = _restrictions[left];
            }
        }
        catch (ConstraintException)
        {
            // Following the guess takes too much work. If it is right, the answer itself ends here with this error.
        }

        return new DraftTokens(sequence.Ahead(left), _restrictions.AsMemory(0, left));
    }

    // Nothing follows a stop id, so its row would be computed in vain.
    private static int BeforeStop(Sequence sequence, ReadOnlySpan<int> drafts)
    {
        int stop = drafts.IndexOfAny(sequence.Options.StopIds);
        return stop < 0 ? drafts.Length : stop;
    }

    // The memory of a restriction is overwritten by the next one, so each is copied to memory that the guesses of the next step reuse.
    private void Keep(int index, in TokenRestriction restriction) => _restrictions[index] = new TokenRestriction(
        Copy(restriction.Allowed, ref _masks[index]), Copy(restriction.Forbidden, ref _forbidden[index]));

    private static ReadOnlyMemory<T> Copy<T>(ReadOnlyMemory<T> source, ref T[]? memory)
    {
        if (source.IsEmpty)
        {
            return default;
        }

        if (memory is null || memory.Length < source.Length)
        {
            memory = new T[source.Length];
        }

        source.CopyTo(memory);
        return memory.AsMemory(0, source.Length);
    }
}
