using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading.Packed;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// Loads the weights of a plan into memory: maps a valid packed copy if the options allow one, otherwise packs the checkpoint.
/// </summary>
public static class WeightLoader
{
    /// <summary>
    /// Loads every matrix of the plan. If <see cref="ModelOptions.PackedCache"/> is set and no valid copy exists, it writes one before it
    /// returns.
    /// </summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="plan">The matrices to load. The method sets their <see cref="PlannedMatrix.Matrix"/>.</param>
    /// <param name="options">The folder and verification of packed copies, and the receiver of warnings.</param>
    /// <param name="pool">The workers that load.</param>
    /// <param name="kernels">The kernels that will use the matrices.</param>
    /// <param name="progress">Receives at least one report; may be null.</param>
    /// <param name="cancellationToken">Checked about every 32 MB. After cancellation nothing stays allocated or on disk.</param>
    /// <returns>The memory. The caller owns it and must keep it until the matrices are no longer used.</returns>
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
