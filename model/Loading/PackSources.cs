using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Converts rows of a checkpoint to the source rows that <see cref="MatrixPacker"/> takes.</summary>
internal static class PackSources
{
    private const int BlockRows = 64;

    /// <summary>All rows of a logical matrix, in order.</summary>
    public static IEnumerable<SourceRows> Of(RowSource source)
    {
        foreach (RowRange range in source.Ranges)
        {
            yield return Rows(range, 0, range.RowCount);
        }
    }

    /// <summary>
    /// Alternates blocks of 64 rows of <paramref name="first"/> and <paramref name="second"/>. The last block of each is padded with zero
    /// rows.
    /// </summary>
    public static List<SourceRows> Interleave(RowSource first, RowSource second)
    {
        List<SourceRows> result = [];
        for (int row = 0; row < first.Rows; row += BlockRows)
        {
            Append(result, first, row);
            Append(result, second, row);
        }

        return result;
    }

    private static void Append(List<SourceRows> result, RowSource source, int first)
    {
        int wanted = Math.Min(BlockRows, source.Rows - first);
        int skipped = 0;
        int taken = 0;
        foreach (RowRange range in source.Ranges)
        {
            int from = Math.Max(0, first + taken - skipped);
            int count = Math.Min(range.RowCount - from, wanted - taken);
            if (count > 0)
            {
                result.Add(Rows(range, from, count));
                taken += count;
            }

            skipped += range.RowCount;
        }

        if (taken < BlockRows)
        {
            result.Add(SourceRows.Zeros(BlockRows - taken));
        }
    }

    private static SourceRows Rows(RowRange range, int first, int count) => range.Scales is { Provider: { } provider }
        ? new SourceRows(range.Tensor.Address, range.Scales.RowBytes, count, range.ElementType) { Provider = provider, ProvidedRow = range.FirstRow + first }
        : new(range.RowAddress(first), range.RowBytes, count, range.ElementType)
        {
            Scales = range.Scales?.From(range.FirstRow + first),
            File = range.Tensor.FileHandle,
            FileOffset = range.Tensor.FileOffset + ((range.FirstRow + first) * range.RowBytes),
        };
}
