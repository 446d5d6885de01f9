using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Characters as UTF-8.</summary>
internal sealed class PlainCode : ICharacterCode
{
    public static PlainCode Instance { get; } = new();

    /// <inheritdoc/>
    public Node Encode(CodePoints set)
    {
        List<(byte, byte)[]> ways = [];
        foreach ((int low, int high) in set.Ranges)
        {
            Utf8Ranges.Add(low, high, ways);
        }

        return new RangesNode(ways);
    }
}
