using System.Numerics;

namespace HunyuanOrleans.Engine.Speculation;

/// <summary>
/// Guesses that a sequence goes on as it did after the last occurrence of its last tokens, which is how answers quote, edit and continue lists (prompt
/// lookup). An index from n-grams to the position after them makes a guess in constant time. Later n-grams overwrite earlier ones with the same slot, so
/// the index is small, and a match is checked against the tokens.
/// </summary>
/// <param name="expected">Number of tokens that the index has room for at first; it doubles for longer texts.</param>
internal sealed class NgramDraftSource(int expected) : IDraftSource
{
    /// <summary>Longer matches are tried first: their continuations are right more often. Matches of a single token rarely are.</summary>
    private const int Longest = 4, Shortest = 2;

    /// <summary>Slots per token, for the n-grams of each length that end with it.</summary>
    private const int SlotsPerToken = 4;

    private const int SmallestIndex = 1024;

    // The position after an n-gram; 0 if the slot is empty.
    private int[] _slots = new int[SlotsFor(expected)];
    private int _indexed;

    /// <inheritdoc/>
    public int Propose(ReadOnlySpan<int> tokens, Span<int> drafts)
    {
        IndexAllBut(tokens);
        for (int n = Math.Min(Longest, tokens.Length - 1); n >= Shortest; n--)
        {
            ReadOnlySpan<int> last = tokens[^n..];
            int next = _slots[SlotOf(last)];
            if (next >= n && tokens.Slice(next - n, n).SequenceEqual(last))
            {
                // A match that overlaps the end repeats: its continuation is read from the drafts themselves.
                int known = tokens.Length - next;
                for (int i = 0; i < drafts.Length; i++)
                {
                    drafts[i] = i < known ? tokens[next + i] : drafts[i - known];
                }

                return drafts.Length;
            }
        }

        return 0;
    }

    // The last token is left out: nothing follows it yet.
    private void IndexAllBut(ReadOnlySpan<int> tokens)
    {
        if (_slots.Length < SlotsPerToken * tokens.Length)
        {
            _slots = new int[SlotsFor(2 * tokens.Length)];
            _indexed = 0;
        }

        for (; _indexed < tokens.Length - 1; _indexed++)
        {
            int next = _indexed + 1;
            for (int n = Shortest; n <= Math.Min(Longest, next); n++)
            {
                _slots[SlotOf(tokens.Slice(next - n, n))] = next;
            }
        }
    }

    private static uint SlotsFor(int tokens) => BitOperations.RoundUpToPowerOf2((uint)Math.Max(SlotsPerToken * tokens, SmallestIndex));

    private int SlotOf(ReadOnlySpan<int> ngram)
    {
        uint hash = (uint)ngram.Length;
        foreach (int token in ngram)
        {
            hash = BitOperations.RotateLeft((hash ^ (uint)token) * 0x9E3779B1, 13);
        }

        return (int)((hash * 0x85EBCA6B >> 7) & (uint)(_slots.Length - 1));
    }
}
