namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// All tokens of a vocabulary as one tree of bytes. Nodes are numbered parents first, so a walk runs forward through memory and
/// leaves a branch by a jump. Immutable, shared by all constraints.
/// </summary>
internal sealed class TokenTrie
{
    /// <summary>Longer tokens are so few that it does not pay to tell their lengths apart.</summary>
    private const int MaxBound = 128;

    private readonly byte[] _bytes;
    private readonly ushort[] _depths;
    private readonly int[] _ends;
    private readonly ushort[] _heights;
    private readonly int[] _firstToken;
    private readonly int[] _tokens;
    private readonly ulong[][] _upTo;

    /// <summary>Builds the tree.</summary>
    public TokenTrie(TokenVocabulary vocabulary)
    {
        (byte[][] texts, int[] ids) = Sorted(vocabulary);
        List<byte> bytes = [0];
        List<ushort> depths = [0];
        List<int> ends = [0], firstToken = [0];
        List<int> path = [0];
        ReadOnlySpan<byte> previous = [];
        for (int i = 0; i < ids.Length; i++)
        {
            ReadOnlySpan<byte> text = texts[i];
            int common = text.CommonPrefixLength(previous);
            Close(common + 1);
            for (int depth = common; depth < text.Length; depth++)
            {
                path.Add(bytes.Count);
                bytes.Add(text[depth]);
                depths.Add((ushort)(depth + 1));
                ends.Add(0);
                firstToken.Add(i);
            }

            previous = text;
            LongestToken = Math.Max(LongestToken, text.Length);
        }

        Close(0);
        firstToken.Add(ids.Length);
        (_bytes, _depths, _ends, _firstToken, _tokens) = ([.. bytes], [.. depths], [.. ends], [.. firstToken], ids);
        _heights = [.. depths];
        for (int node = Count - 1; node >= 0; node--)
        {
            for (int child = node + 1; child < _ends[node]; child = _ends[child])
            {
                _heights[node] = Math.Max(_heights[node], _heights[child]);
            }
        }

        _upTo = UpTo(vocabulary);

        void Close(int keep)
        {
            for (int i = path.Count - 1; i >= keep; i--)
            {
                ends[path[i]] = bytes.Count;
                path.RemoveAt(i);
            }
        }
    }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    /// <summary>Largest length that <see cref="TokensUpTo"/> knows.</summary>
    public int LongestBound => Math.Min(LongestToken, MaxBound);

    /// <summary>Number of nodes; the root is 0.</summary>
    public int Count => _bytes.Length;

    /// <summary>The byte on the edge to each node.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Length of each node's path.</summary>
    public ReadOnlySpan<ushort> Depths => _depths;

    /// <summary>Length of the longest path through each node.</summary>
    public ReadOnlySpan<ushort> Heights => _heights;

    /// <summary>The node after the last below each node.</summary>
    public ReadOnlySpan<int> Ends => _ends;

    /// <summary>The tokens that end at a node: those that were sorted in between its making and that of the next one.</summary>
    public ReadOnlySpan<int> TokensAt(int node)
    {
        int first = _firstToken[node];
        return _tokens.AsSpan(first, _firstToken[node + 1] - first);
    }

    /// <summary>The tokens of at most so many bytes, as a mask.</summary>
    /// <param name="length">0 to <see cref="LongestBound"/>.</param>
    public ReadOnlySpan<ulong> TokensUpTo(int length) => _upTo[length];

    private ulong[][] UpTo(TokenVocabulary vocabulary)
    {
        int words = (vocabulary.Size + 63) / 64;
        ulong[][] masks = [.. Enumerable.Range(0, LongestBound + 1).Select(_ => new ulong[words])];
        for (int node = 0; node < Count; node++)
        {
            foreach (int id in TokensAt(node))
            {
                if (_depths[node] <= LongestBound)
                {
                    masks[_depths[node]][id / 64] |= 1UL << (id % 64);
                }
            }
        }

        for (int length = 1; length <= LongestBound; length++)
        {
            for (int word = 0; word < words; word++)
            {
                masks[length][word] |= masks[length - 1][word];
            }
        }

        return masks;
    }

    private static (byte[][] Texts, int[] Ids) Sorted(TokenVocabulary vocabulary)
    {
        Span<byte> room = stackalloc byte[TokenVocabulary.CodeLength];
        var texts = new List<byte[]>(vocabulary.Size);
        var ids = new List<int>(vocabulary.Size);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            ReadOnlySpan<byte> text = vocabulary.BytesOf(id, room);
            if (text.Length is > 0 and <= ushort.MaxValue)
            {
                texts.Add(text.ToArray());
                ids.Add(id);
            }
        }

        byte[][] keys = [.. texts];
        int[] order = [.. ids];
        Array.Sort(keys, order, Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b)));
        return (keys, order);
    }
}
