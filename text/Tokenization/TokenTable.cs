using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// The bytes of every token by id, and ids by bytes, looked up without allocating. Filled while a tokenizer loads, then only read.
/// Knows nothing of merging or text.
/// </summary>
internal sealed class TokenTable
{
    private readonly List<int> ends = [];
    private byte[] bytes = new byte[1 << 16];
    private int[] slots = new int[1 << 10];
    private int listed;

    /// <summary>One more than the highest id.</summary>
    public int Count => ends.Count;

    /// <summary>The length in bytes of the longest token that can be found by its bytes.</summary>
    public int LongestListed { get; private set; }

    /// <summary>The bytes of a token; empty for an id that is not in use.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            int start = id == 0 ? 0 : ends[id - 1];
            return bytes.AsSpan(start, ends[id] - start);
        }
    }

    /// <summary>
    /// Adds the token with the next id. A token that is not <paramref name="findable"/> can be decoded, never found by its bytes.
    /// Returns the id that already has these bytes, or -1 after adding.
    /// </summary>
    public int Add(ReadOnlySpan<byte> token, bool findable)
    {
        if (findable && Find(token) is var existing and >= 0)
        {
            return existing;
        }

        int start = ends.Count == 0 ? 0 : ends[^1];
        if (start + token.Length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, start + token.Length));
        }

        token.CopyTo(bytes.AsSpan(start));
        ends.Add(start + token.Length);
        if (findable)
        {
            LongestListed = Math.Max(LongestListed, token.Length);
            if (++listed * 2 > slots.Length)
            {
                Grow();
            }

            Insert(ends.Count - 1);
        }

        return -1;
    }

    /// <summary>The id of the token with exactly these bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token)
    {
        for (int slot = (int)Hash(token) & (slots.Length - 1); slots[slot] != 0; slot = (slot + 1) & (slots.Length - 1))
        {
            int id = slots[slot] - 1;
            if (this[id].SequenceEqual(token))
            {
                return id;
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(ReadOnlySpan<byte> token)
    {
        const ulong multiplier = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)token.Length * multiplier;
        while (token.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(token)) * multiplier;
            hash ^= hash >> 29;
            token = token[8..];
        }

        ulong rest = 0;
        foreach (byte value in token)
        {
            rest = (rest << 8) | value;
        }

        hash = (hash ^ rest) * multiplier;
        return (uint)(hash >> 32);
    }

    private void Grow()
    {
        int[] old = slots;
        slots = new int[old.Length * 2];
        foreach (int entry in old)
        {
            if (entry != 0)
            {
                Insert(entry - 1);
            }
        }
    }

    private void Insert(int id)
    {
        int slot = (int)Hash(this[id]) & (slots.Length - 1);
        while (slots[slot] != 0)
        {
            slot = (slot + 1) & (slots.Length - 1);
        }

        slots[slot] = id + 1;
    }
}
