using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// Asks the operating system to read the sources of the next matrices while earlier ones are packed, so that a checkpoint that is not in
/// the page cache is read in file order and in large pieces. Sources that are already in memory are skipped, because the request would
/// walk all their pages.
/// </summary>
/// <param name="matrices">The matrices in the order in which they are packed.</param>
internal sealed class ReadAhead(IReadOnlyList<PlannedMatrix> matrices)
{
    // Large enough to keep a fast disk busy while a batch is packed, small enough to stay in memory until it is used.
    private const long AheadBytes = 128 << 20;

    private readonly List<(nint Start, long Length)> _extents = [];
    private int _requested;
    private long _requestedBytes;

    /// <summary>
    /// Requests the matrices from <paramref name="next"/> on, until 128 MB are read ahead. Call it just before a batch is packed, so that
    /// reading overlaps with packing.
    /// </summary>
    /// <param name="next">Index of the first matrix after the batch. All before it are packed or in the batch and need no request.</param>
    /// <param name="batchBytes">Bytes of the matrices in the batch that is about to be packed.</param>
    public void Advance(int next, long batchBytes)
    {
        _requestedBytes = Math.Max(0, _requestedBytes - batchBytes);
        _requested = Math.Max(_requested, next);
        for (; _requested < matrices.Count && _requestedBytes < AheadBytes; _requested++)
        {
            _requestedBytes += matrices[_requested].ByteLength;
            Request(matrices[_requested].Sources);
        }
    }

    private void Request(IReadOnlyList<SourceRows> sources)
    {
        _extents.Clear();
        foreach (SourceRows source in sources)
        {
            if (source.Address != 0)
            {
                _extents.Add(source.Provider?.Extent ?? (source.Address, source.Stride * source.Count));
            }
        }

        _extents.Sort();
        for (int i = 0; i < _extents.Count;)
        {
            (nint start, long length) = _extents[i++];
            for (; i < _extents.Count && _extents[i].Start == start + (nint)length; i++)
            {
                length += _extents[i].Length;
            }

            if (!MemoryAdvice.IsResident(start) || !MemoryAdvice.IsResident(start + (nint)(length / 2)) ||
                !MemoryAdvice.IsResident(start + (nint)(length - 1)))
            {
                MemoryAdvice.WillNeed(start, length);
            }
        }
    }
}
