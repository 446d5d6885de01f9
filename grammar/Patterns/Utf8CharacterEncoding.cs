using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Encodes characters as UTF-8.</summary>
internal sealed class Utf8CharacterEncoding : ICharacterEncoding
{
    public static Utf8CharacterEncoding Instance { get; } = new();

    /// <inheritdoc/>
    public GrammarNode Encode(CodePointSet set)
    {
        List<(byte, byte)[]> sequences = [];
        foreach ((int low, int high) in set.Ranges)
        {
            Utf8RangeSplitter.Add(low, high, sequences);
        }

        return new ByteRangesNode(sequences);
    }
}
