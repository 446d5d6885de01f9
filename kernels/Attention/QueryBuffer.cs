using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// The queries of a batch after rotation, normalisation and scaling, ordered [key/value head][row][query head of the group][head size], so
/// that all queries of one key/value head have the same stride. Padding stays zero.
/// </summary>
public sealed unsafe class QueryBuffer : IDisposable
{
    private readonly NativeBuffer _buffer;

    /// <summary>Allocates the buffer.</summary>
    /// <param name="maxRows">Most rows in a batch.</param>
    /// <param name="heads">Query heads, a multiple of the key/value heads of <paramref name="cache"/>.</param>
    /// <param name="cache">The cache that the queries attend to, which determines head size and type.</param>
    public QueryBuffer(int maxRows, int heads, KvBlocks cache)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(heads % cache.Heads, 0, nameof(heads));
        MaxRows = maxRows;
        Heads = heads;
        GroupHeads = heads / cache.Heads;
        Stride = cache.KeySteps * 4L;
        _buffer = new NativeBuffer(Stride * heads * maxRows);
    }

    /// <summary>Most rows in a batch.</summary>
    public int MaxRows { get; }

    /// <summary>Query heads.</summary>
    public int Heads { get; }

    /// <summary>Query heads that share a key/value head.</summary>
    public int GroupHeads { get; }

    /// <summary>Bytes from one query to the next.</summary>
    internal long Stride { get; }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    internal byte* Address(int head, int row)
    {
        if ((uint)row >= (uint)MaxRows)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"Rows are numbered 0 to {MaxRows - 1}.");
        }

        return _buffer.Pointer + (((((long)head / GroupHeads * MaxRows) + row) * GroupHeads) + (head % GroupHeads)) * Stride;
    }
}
