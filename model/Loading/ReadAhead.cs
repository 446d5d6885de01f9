using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// Asks the system to read the sources of coming matrices while earlier ones are packed, so that a checkpoint that is not in the page
/// cache is read in its own order in large pieces. It keeps quiet about what is in memory already: asking costs a walk over its pages.
/// </summary>
/// <param name="matrices">In the order they will be packed.</param>
internal sealed class ReadAhead(IReadOnlyList<PlannedMatrix> matrices)
{
    // Enough to keep a fast disk busy while a batch is packed, little enough to stay in memory until it is used.
    private const long AheadBytes = 128 << 20;

    private readonly List<(nint Start, long Length)> _extents = [];
    private int _asked;
    private long _ahead;

    /// <summary>Notes that matrices before <paramref name="next"/> are being packed and asks for those after it.</summary>
    /// <param name="next">Number of matrices that were asked for or need not be.</param>
    /// <param name="batchBytes">Bytes that were taken from the front since the last call.</param>
    public void Advance(int next, long batchBytes)
    {
        _ahead = Math.Max(0, _ahead - batchBytes);
        _asked = Math.Max(_asked, next);
        for (; _asked < matrices.Count && _ahead < AheadBytes; _asked++)
        {
            _ahead += matrices[_asked].ByteLength;
            Ask(matrices[_asked].Sources);
        }
    }

    private void Ask(IReadOnlyList<SourceRows> sources)
    {
        _extents.Clear();
        foreach (SourceRows source in sources)
        {
            if (source.Address != 0)
            {
                _extents.Add((source.Address, source.Stride * source.Count));
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
