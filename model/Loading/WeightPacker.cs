using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Packs the checkpoint rows of a <see cref="WeightPlan"/> into one region of memory.</summary>
public static class WeightPacker
{
    // Matrices up to this total size are packed as one batch: large enough that waiting for the last worker costs little, small enough for
    // smooth progress.
    private const long BatchBytes = 32 << 20;

    /// <summary>Allocates the region and packs every matrix into it with all workers, in the order of the checkpoint's files.</summary>
    /// <param name="plan">The matrices to pack. The method sets their <see cref="PlannedMatrix.Matrix"/>.</param>
    /// <param name="pool">The workers that pack.</param>
    /// <param name="kernels">The kernels that will use the matrices.</param>
    /// <param name="progress">Receives a report about every 32 MB; may be null.</param>
    /// <param name="cancellationToken">Checked between batches of 32 MB; a larger matrix is a batch by itself.</param>
    /// <returns>The region. The caller owns it and must keep it until the matrices are no longer used.</returns>
    /// <exception cref="ModelException">A checkpoint file cannot be read.</exception>
    public static NativeBuffer Pack(
        WeightPlan plan, WorkerPool pool, PanelKernels kernels, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        NativeBuffer region = new(plan.TotalBytes, clear: false);
        try
        {
            // Each file is mapped to one range of addresses, so the order of addresses reads every file from front to back.
            List<PlannedMatrix> ordered = [.. plan.Matrices.OrderBy(FirstAddress)];
            ReadAhead readAhead = new(ordered);
            using MatrixPacker packer = new(kernels.Isa);
            long total = ordered.Sum(m => m.ByteLength);
            long done = 0;
            for (int next = 0; next < ordered.Count;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long batch = 0;
                for (; next < ordered.Count && (batch == 0 || batch + ordered[next].ByteLength <= BatchBytes); next++)
                {
                    Add(packer, ordered[next], region, kernels);
                    batch += ordered[next].ByteLength;
                }

                readAhead.Advance(next, batch);
                packer.PackPending(pool);
                done += batch;
                progress?.Report(new LoadProgress(next, ordered.Count, done, total));
            }

            return region;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            region.Dispose();
            throw new ModelException($"The checkpoint cannot be read: {e.Message}", e);
        }
        catch
        {
            region.Dispose();
            throw;
        }
    }

    private static void Add(MatrixPacker packer, PlannedMatrix planned, NativeBuffer region, PanelKernels kernels)
    {
        PackedMatrix matrix = new(planned.Rows, planned.Columns, planned.Type, region, planned.Offset, kernels);
        packer.Add(matrix, planned.Sources, planned.InputScale);
        planned.Matrix = matrix;

        // The packed copy on disk includes the padding, so clear it: it must not contain old memory of this process.
        region.Slice(planned.Offset + planned.ByteLength, (int)(planned.AlignedByteLength - planned.ByteLength)).Clear();
    }

    /// <summary>Where the matrix begins in the mapped files.</summary>
    internal static nint FirstAddress(PlannedMatrix matrix) => matrix.Sources.Where(s => s.Address != 0).Min(s => s.Address);
}
