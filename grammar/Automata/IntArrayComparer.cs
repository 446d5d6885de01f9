namespace HunyuanOrleans.Grammar.Automata;

/// <summary>Compares arrays of integers by their contents.</summary>
internal sealed class IntArrayComparer : IEqualityComparer<int[]>
{
    public static IntArrayComparer Instance { get; } = new();

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
