using System.Text;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Follows constraints token by token, as an engine does.</summary>
internal static class ConstraintWalker
{
    /// <summary>Characters that close JSON elements, in order of preference.</summary>
    private static readonly string[] Closing = ["\"]}", ",:"];

    public static bool Allows(this ReadOnlyMemory<ulong> mask, int id) => (mask.Span[id / 64] >> (id % 64) & 1) != 0;

    /// <summary>
    /// Generates a random answer and returns its bytes. The first <paramref name="steps"/> tokens are any allowed ones; after that, tokens
    /// that close JSON elements are preferred, so that the answer ends.
    /// </summary>
    /// <param name="inspect">Called with every state before the next token is drawn.</param>
    public static byte[] Generate(TestVocabulary vocabulary, Constraint constraint, int seed, int steps, Action<ConstraintState>? inspect = null)
    {
        var random = new Random(seed);
        ConstraintState state = constraint.CreateState();
        List<int> ids = [];
        while (true)
        {
            inspect?.Invoke(state);
            ReadOnlyMemory<ulong> mask = state.AllowedTokens;
            int[] allowed = [.. Enumerable.Range(0, vocabulary.Size).Where(id => mask.Allows(id))];
            if (allowed.Length == 0)
            {
                throw new InvalidOperationException($"No token is allowed after {Encoding.UTF8.GetString(vocabulary.Join(ids))}");
            }

            int id = ids.Count < steps ? DrawAny(vocabulary, allowed, random) : DrawClosing(vocabulary, allowed, random);
            if (id == vocabulary.End)
            {
                return state.IsComplete ? vocabulary.Join(ids) : throw new InvalidOperationException("The end-of-text token is allowed in an incomplete answer.");
            }

            ids.Add(id);
            state.Advance(id);
            if (ids.Count > steps + 5000)
            {
                throw new InvalidOperationException($"The answer does not end: {Encoding.UTF8.GetString(vocabulary.Join(ids.Take(200)))}");
            }
        }
    }

    /// <summary>Returns whether the constraint accepts a sequence of tokens, according to its masks.</summary>
    public static bool Accepts(Constraint constraint, TestVocabulary vocabulary, IEnumerable<int> ids)
    {
        ConstraintState state = constraint.CreateState();
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

    private static int DrawAny(TestVocabulary vocabulary, int[] allowed, Random random)
    {
        // Long tokens are drawn more often, because they cross the borders between JSON elements.
        int[] longer = [.. allowed.Where(id => vocabulary.TokenBytes(id).Length > 1)];
        return longer.Length > 0 && random.Next(2) == 0 ? longer[random.Next(longer.Length)] : allowed[random.Next(allowed.Length)];
    }

    private static int DrawClosing(TestVocabulary vocabulary, int[] allowed, Random random)
    {
        if (allowed.Contains(vocabulary.End))
        {
            return vocabulary.End;
        }

        // Sometimes draw any token: closing characters alone would never complete a pattern.
        foreach (string closing in random.Next(8) > 0 ? Closing : [])
        {
            int[] found = [.. allowed.Where(id => id < 128 && closing.Contains((char)id))];
            if (found.Length > 0)
            {
                return found[random.Next(found.Length)];
            }
        }

        return DrawAny(vocabulary, allowed, random);
    }
}
