using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Fills a <see cref="WeightPlan"/>'s region by packing the checkpoint's rows. It does not know what the matrices are for.</summary>
public static class ModelLoader
{
    private const long ReportBytes = 16 << 20;

    /// <summary>Allocates the region and packs every matrix into it, using all workers.</summary>
    /// <param name="plan">The matrices; their <see cref="PlannedMatrix.Matrix"/> is set.</param>
    /// <param name="pool">Workers.</param>
    /// <param name="kernels">What will multiply them.</param>
    /// <param name="progress">Told every 16 MB; may be null.</param>
    /// <param name="cancellationToken">Stops between two matrices.</param>
    /// <returns>The region; it must outlive every use of the matrices.</returns>
    public static NativeBuffer Pack(WeightPlan plan, WorkerPool pool, PanelKernels kernels, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        NativeBuffer region = new(plan.TotalBytes, clear: false);
        try
        {
            MatrixPacker packer = new();
            long total = plan.Matrices.Sum(m => m.ByteLength);
            long done = 0;
            long reported = 0;
            int matrices = 0;
            foreach (PlannedMatrix planned in plan.Matrices)
            {
                cancellationToken.ThrowIfCancellationRequested();
                PackedMatrix matrix = new(planned.Rows, planned.Columns, planned.Type, region, planned.Offset, kernels);
                packer.Pack(pool, matrix, planned.Sources);
                planned.Matrix = matrix;
                done += planned.ByteLength;
                matrices++;
                if (done - reported >= ReportBytes || matrices == plan.Matrices.Count)
                {
                    progress?.Report(new LoadProgress(matrices, plan.Matrices.Count, done, total));
                    reported = done;
                }
            }

            return region;
        }
        catch
        {
            region.Dispose();
            throw;
        }
    }
}
