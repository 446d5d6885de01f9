namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// A trie over the bytes of all tokens of a vocabulary. Nodes are numbered in depth-first order, so a walk runs forward through memory
/// and skips a subtree by a jump. Immutable, shared by all constraints.
/// </summary>
internal sealed class TokenTrie
{
    /// <summary>Largest length with a mask in <see cref="TokensUpTo"/>. Longer tokens are too few to be worth the memory.</summary>
    private const int MaxLength = 128;

    private readonly byte[] _bytes;
    private readonly ushort[] _depths;
    private readonly int[] _subtreeEnds;
    private readonly ushort[] _maxDepths;
    private readonly int[] _firstToken;
    private readonly int[] _tokens;
    private readonly ulong[][] _tokensUpTo;

    /// <summary>Builds the trie of a vocabulary.</summary>
    public TokenTrie(TokenVocabulary vocabulary)
    {
        (byte[][] texts, int[] ids) = SortTokens(vocabulary);
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
            MaxTokenLength = Math.Max(MaxTokenLength, text.Length);
        }

        Close(0);
        firstToken.Add(ids.Length);
        (_bytes, _depths, _subtreeEnds, _firstToken, _tokens) = ([.. bytes], [.. depths], [.. ends], [.. firstToken], ids);
        _maxDepths = [.. depths];
        for (int node = Count - 1; node >= 0; node--)
        {
            for (int child = node + 1; child < _subtreeEnds[node]; child = _subtreeEnds[child])
            {
                _maxDepths[node] = Math.Max(_maxDepths[node], _maxDepths[child]);
            }
        }

        _tokensUpTo = BuildTokensUpTo(vocabulary);

        void Close(int keep)
        {
            for (int i = path.Count - 1; i >= keep; i--)
            {
                ends[path[i]] = bytes.Count;
                path.RemoveAt(i);
            }
        }
    }

    /// <summary>Length in bytes of the longest token.</summary>
    public int MaxTokenLength { get; }

    /// <summary>Largest length in bytes that <see cref="TokensUpTo"/> accepts.</summary>
    public int MaxBoundedLength => Math.Min(MaxTokenLength, MaxLength);

    /// <summary>Number of nodes; the root is 0.</summary>
    public int Count => _bytes.Length;

    /// <summary>For each node, the byte on the edge from its parent.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>For each node, its distance from the root, which is the length in bytes of its prefix.</summary>
    public ReadOnlySpan<ushort> Depths => _depths;

    /// <summary>For each node, the largest depth in its subtree.</summary>
    public ReadOnlySpan<ushort> MaxDepths => _maxDepths;

    /// <summary>For each node, the number of the first node after its subtree.</summary>
    public ReadOnlySpan<int> SubtreeEnds => _subtreeEnds;

    /// <summary>Returns the ids of the tokens that end at a node.</summary>
    public ReadOnlySpan<int> TokensAt(int node)
    {
        int first = _firstToken[node];
        return _tokens.AsSpan(first, _firstToken[node + 1] - first);
    }

    /// <summary>Returns the mask of the tokens of at most a given length.</summary>
    /// <param name="length">The length in bytes, 0 to <see cref="MaxBoundedLength"/>.</param>
    public ReadOnlySpan<ulong> TokensUpTo(int length) => _tokensUpTo[length];

    private ulong[][] BuildTokensUpTo(TokenVocabulary vocabulary)
    {
        int words = (vocabulary.Size + 63) / 64;
        ulong[][] masks = [.. Enumerable.Range(0, MaxBoundedLength + 1).Select(_ => new ulong[words])];
        for (int node = 0; node < Count; node++)
        {
            foreach (int id in TokensAt(node))
            {
                if (_depths[node] <= MaxBoundedLength)
                {
                    masks[_depths[node]][id / 64] |= 1UL << (id % 64);
                }
            }
        }

        for (int length = 1; length <= MaxBoundedLength; length++)
        {
            for (int word = 0; word < words; word++)
            {
                masks[length][word] |= masks[length - 1][word];
            }
        }

        return masks;
    }

    private static (byte[][] Texts, int[] Ids) SortTokens(TokenVocabulary vocabulary)
    {
        Span<byte> buffer = stackalloc byte[TokenVocabulary.SpecialCodeLength];
        var texts = new List<byte[]>(vocabulary.Size);
        var ids = new List<int>(vocabulary.Size);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            ReadOnlySpan<byte> text = vocabulary.BytesOf(id, buffer);
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
