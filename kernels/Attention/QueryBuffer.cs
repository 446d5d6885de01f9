using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

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
    /// <param name="kernels">The kernels that multiply queries with keys.</param>
    public QueryBuffer(int maxRows, int heads, KvBlocks cache, PanelKernels kernels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(heads % cache.Heads, 0, nameof(heads));
        MaxRows = maxRows;
        Heads = heads;
        GroupHeads = heads / cache.Heads;
        Widened = kernels.WidensX(cache.ComputeType);
        Stride = cache.KeySteps * (Widened ? 8L : 4L);
        _buffer = new NativeBuffer(Stride * heads * maxRows);
    }

    /// <summary>Most rows in a batch.</summary>
    public int MaxRows { get; }

    /// <summary>Query heads.</summary>
    public int Heads { get; }

    /// <summary>Query heads that share a key/value head.</summary>
    public int GroupHeads { get; }

    /// <summary>Whether queries that are rounded to bfloat16 are stored as float32.</summary>
    internal bool Widened { get; }

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
