using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading.Packed;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Gets a plan's weights into memory: mapped from a packed copy where one is wanted and sound, else packed from the checkpoint.</summary>
public static class WeightLoader
{
    /// <summary>Loads every matrix of the plan; where a packed copy is wanted and missing, writes it before returning.</summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="plan">The matrices; their <see cref="PlannedMatrix.Matrix"/> is set.</param>
    /// <param name="options">Whether and where there is a packed copy, and who is warned.</param>
    /// <param name="pool">Workers.</param>
    /// <param name="kernels">What will multiply them.</param>
    /// <param name="progress">Told at least once; may be null.</param>
    /// <param name="cancellationToken">Stops between pieces of 32 MB; nothing stays allocated or on the disk.</param>
    /// <returns>The memory, which must outlive every use of the matrices.</returns>
    public static IDisposable Load(
        Weights weights,
        WeightPlan plan,
        ModelOptions options,
        WorkerPool pool,
        PanelKernels kernels,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (options.PackedCache is null)
        {
            return WeightPacker.Pack(plan, pool, kernels, progress, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        string path = PackedCopy.PathOf(weights, plan, options.PackedCache);
        string key = PackedKey.Of(weights, plan);
        IDisposable? mapped = new PackedCopy(path, key, options.OnWarning).TryMap(plan, pool, kernels, options.VerifyPackedCache);
        if (mapped is not null)
        {
            int matrices = plan.Matrices.Count;
            progress?.Report(new LoadProgress(matrices, matrices, plan.TotalBytes, plan.TotalBytes, LoadStage.Mapping));
            return mapped;
        }

        NativeBuffer region = WeightPacker.Pack(plan, pool, kernels, progress, cancellationToken);
        try
        {
            new PackedCopyWriter(path, key, options.OnWarning).TryWrite(plan, region, pool, progress, cancellationToken);
            return region;
        }
        catch
        {
            region.Dispose();
            throw;
        }
    }
}
