using System.Text;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>
/// Characters as they stand in a JSON string: as they are where that is allowed, else in their shortest escape. One way each, so a
/// name or a fixed text cannot be spelled in two ways.
/// </summary>
internal sealed class JsonCode : ICharacterCode
{
    private const string Short = "\"\"\\\\\bb\ff\nn\rr\tt";

    private static readonly CodePoints AsTheyAre = new((' ', '!'), ('#', '['), (']', 0x10FFFF));

    public static JsonCode Instance { get; } = new();

    /// <summary>A text as it stands between the quotes.</summary>
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
    public Node Encode(CodePoints set)
    {
        CodePoints escaped = set.Except(AsTheyAre);
        List<(byte, byte)[]> ways = [];
        foreach ((int low, int high) in set.Except(escaped).Ranges)
        {
            Utf8Ranges.Add(low, high, ways);
        }

        foreach ((int low, int high) in escaped.Ranges)
        {
            for (int c = low; c <= high; c++)
            {
                ways.Add([.. EscapeOf((char)c).Select(static letter => ((byte)letter, (byte)letter))]);
            }
        }

        return new RangesNode(ways);
    }

    private static string EscapeOf(char c)
    {
        for (int i = 0; i < Short.Length; i += 2)
        {
            if (Short[i] == c)
            {
                return $"\\{Short[i + 1]}";
            }
        }

        return $"\\u{(int)c:x4}";
    }
}
