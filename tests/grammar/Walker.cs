using System.Text;
using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Follows constraints token by token.</summary>
internal static class Walker
{
    /// <summary>What closes something, the best first.</summary>
    private static readonly string[] Closing = ["\"]}", ",:"];

    public static bool Allows(this ReadOnlyMemory<ulong> mask, int id) => (mask.Span[id / 64] >> (id % 64) & 1) != 0;

    /// <summary>
    /// The bytes of a random answer: any allowed tokens for a while, then, so that it ends, whatever closes something.
    /// </summary>
    /// <param name="each">Sees every state before its next token.</param>
    public static byte[] Walk(TestVocabulary vocabulary, Constraint constraint, int seed, int steps, Action<ConstraintState>? each = null)
    {
        var random = new Random(seed);
        ConstraintState state = constraint.Begin();
        List<int> ids = [];
        while (true)
        {
            each?.Invoke(state);
            ReadOnlyMemory<ulong> mask = state.AllowedTokens;
            int[] allowed = [.. Enumerable.Range(0, vocabulary.Size).Where(id => mask.Allows(id))];
            if (allowed.Length == 0)
            {
                throw new InvalidOperationException($"Nothing may follow {Encoding.UTF8.GetString(vocabulary.Join(ids))}");
            }

            int id = ids.Count < steps ? Preferred(vocabulary, allowed, random) : Close(vocabulary, allowed, random);
            if (id == vocabulary.End)
            {
                return state.IsComplete ? vocabulary.Join(ids) : throw new InvalidOperationException("The end is allowed where nothing is complete.");
            }

            ids.Add(id);
            state.Advance(id);
            if (ids.Count > steps + 5000)
            {
                throw new InvalidOperationException($"It has no end: {Encoding.UTF8.GetString(vocabulary.Join(ids.Take(200)))}");
            }
        }
    }

    /// <summary>Whether a text is allowed, written in these tokens; where it is, every token was in its mask.</summary>
    public static bool Accepts(Constraint constraint, TestVocabulary vocabulary, IEnumerable<int> ids)
    {
        ConstraintState state = constraint.Begin();
        foreach (int id in ids)
        {
            if (!state.AllowedTokens.Allows(id))
            {
                return false;
            }

            state.Advance(id);
        }

        return state.IsComplete && state.AllowedTokens.Allows(vocabulary.End);
    }

    private static int Preferred(TestVocabulary vocabulary, int[] allowed, Random random)
    {
        // Long tokens more often than their number: they cross the borders between elements.
        int[] longer = [.. allowed.Where(id => vocabulary.TokenBytes(id).Length > 1)];
        return longer.Length > 0 && random.Next(2) == 0 ? longer[random.Next(longer.Length)] : allowed[random.Next(allowed.Length)];
    }

    private static int Close(TestVocabulary vocabulary, int[] allowed, Random random)
    {
        if (allowed.Contains(vocabulary.End))
        {
            return vocabulary.End;
        }

        // Now and then something else: where a pattern has yet to be met, closing everything else never ends.
        foreach (string closing in random.Next(8) > 0 ? Closing : [])
        {
            int[] found = [.. allowed.Where(id => id < 128 && closing.Contains((char)id))];
            if (found.Length > 0)
            {
                return found[random.Next(found.Length)];
            }
        }

        return Preferred(vocabulary, allowed, random);
    }
}
