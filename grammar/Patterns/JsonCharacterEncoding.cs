using System.Text;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>
/// Encodes characters for a JSON string: unescaped if JSON allows it, otherwise with the shortest escape. Each character has exactly one
/// spelling, so that a property name or a fixed text has only one spelling too.
/// </summary>
internal sealed class JsonCharacterEncoding : ICharacterEncoding
{
    /// <summary>Pairs of a character and the letter of its short escape.</summary>
    private const string ShortEscapes = "\"\"\\\\\bb\ff\nn\rr\tt";

    private static readonly CodePointSet Unescaped = new((' ', '!'), ('#', '['), (']', 0x10FFFF));

    public static JsonCharacterEncoding Instance { get; } = new();

    /// <summary>Returns the spelling of a text between the quotes of a JSON string.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 2);
        foreach (char c in text)
        {
            if (c is >= ' ' and not ('"' or '\\'))
            {
                escaped.Append(c);
            }
            else
            {
                escaped.Append(EscapeOf(c));
            }
        }

        return escaped.ToString();
    }

    /// <inheritdoc/>
    public GrammarNode Encode(CodePointSet set)
    {
        CodePointSet escaped = set.Except(Unescaped);
        List<(byte, byte)[]> sequences = [];
        foreach ((int low, int high) in set.Except(escaped).Ranges)
        {
            Utf8RangeSplitter.Add(low, high, sequences);
        }

        foreach ((int low, int high) in escaped.Ranges)
        {
            for (int c = low; c <= high; c++)
            {
                sequences.Add([.. EscapeOf((char)c).Select(static letter => ((byte)letter, (byte)letter))]);
            }
        }

        return new ByteRangesNode(sequences);
    }

    private static string EscapeOf(char c)
    {
        for (int i = 0; i < ShortEscapes.Length; i += 2)
        {
            if (ShortEscapes[i] == c)
            {
                return $"\\{ShortEscapes[i + 1]}";
            }
        }

        return $"\\u{(int)c:x4}";
    }
}
