using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Fills a <see cref="WeightPlan"/>'s region by packing the checkpoint's rows. It does not know what the matrices are for.</summary>
public static class WeightPacker
{
    // Matrices are packed together up to this size: waiting for the last worker then costs little, and progress still moves smoothly.
    private const long BatchBytes = 32 << 20;

    /// <summary>Allocates the region and packs every matrix into it, using all workers, in the order of the checkpoint's files.</summary>
    /// <param name="plan">The matrices; their <see cref="PlannedMatrix.Matrix"/> is set.</param>
    /// <param name="pool">Workers.</param>
    /// <param name="kernels">What will multiply them.</param>
    /// <param name="progress">Told about every 32 MB; may be null.</param>
    /// <param name="cancellationToken">Stops between two batches of 32 MB, or two matrices where they are larger.</param>
    /// <exception cref="ModelException">A file cannot be read any more.</exception>
    /// <returns>The region; it must outlive every use of the matrices.</returns>
    public static NativeBuffer Pack(
        WeightPlan plan, WorkerPool pool, PanelKernels kernels, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        NativeBuffer region = new(plan.TotalBytes, clear: false);
        try
        {
            // Each file lies in one piece of the address space, so the order of addresses walks every file from front to back.
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
                packer.PackAdded(pool);
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

        // A packed copy of the region holds these bytes too; they must be nobody's old memory.
        region.Slice(planned.Offset + planned.ByteLength, (int)(planned.AlignedByteLength - planned.ByteLength)).Clear();
    }

    private static nint FirstAddress(PlannedMatrix matrix) => matrix.Sources.Where(s => s.Address != 0).Min(s => s.Address);
}
