namespace HunyuanOrleans.Grammar.Automata;

/// <summary>Sorted int arrays by what they hold.</summary>
internal sealed class IntSetComparer : IEqualityComparer<int[]>
{
    public static IntSetComparer Instance { get; } = new();

    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(int[] obj)
    {
        uint hash = (uint)obj.Length;
        foreach (int value in obj)
        {
            hash = (hash ^ (uint)value) * 0x9E3779B1;
            hash ^= hash >> 15;
        }

        return (int)hash;
    }
}
