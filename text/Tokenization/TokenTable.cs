using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Maps token ids to bytes and bytes to ids without allocating. It is filled while the tokenizer loads and only read afterwards.
/// </summary>
internal sealed class TokenTable
{
    private readonly List<int> _ends = [];
    private byte[] _bytes = new byte[1 << 16];
    private int[] _slots = new int[1 << 10];
    private int _findableCount;

    /// <summary>One more than the highest id.</summary>
    public int Count => _ends.Count;

    /// <summary>The length in bytes of the longest token that can be found by its bytes.</summary>
    public int LongestFindable { get; private set; }

    /// <summary>The bytes of a token; empty for an unused id.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            int start = id == 0 ? 0 : _ends[id - 1];
            return _bytes.AsSpan(start, _ends[id] - start);
        }
    }

    /// <summary>Adds the token with the next id.</summary>
    /// <param name="token">The bytes of the token.</param>
    /// <param name="findable">Whether <see cref="Find"/> returns the token. Every token can be decoded.</param>
    /// <returns>-1, or the id that has these bytes already; then nothing was added.</returns>
    public int Add(ReadOnlySpan<byte> token, bool findable)
    {
        if (findable && Find(token) is var existing and >= 0)
        {
            return existing;
        }

        int start = _ends.Count == 0 ? 0 : _ends[^1];
        if (start + token.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, start + token.Length));
        }

        token.CopyTo(_bytes.AsSpan(start));
        _ends.Add(start + token.Length);
        if (findable)
        {
            LongestFindable = Math.Max(LongestFindable, token.Length);
            if (++_findableCount * 2 > _slots.Length)
            {
                Grow();
            }

            Insert(_ends.Count - 1);
        }

        return -1;
    }

    /// <summary>The id of the token with these bytes; -1 if there is none.</summary>
    public int Find(ReadOnlySpan<byte> token)
    {
        for (int slot = (int)Hash(token) & (_slots.Length - 1); _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
        {
            int id = _slots[slot] - 1;
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
        int[] old = _slots;
        _slots = new int[old.Length * 2];
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
        int slot = (int)Hash(this[id]) & (_slots.Length - 1);
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & (_slots.Length - 1);
        }

        _slots[slot] = id + 1;
    }
}
