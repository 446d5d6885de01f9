using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading.Packed;

namespace HunyuanOrleans.Model.Loading;

/// <summary>
/// Loads the weights of a plan: for the CPU it maps a valid packed copy if the options allow one, otherwise packs the checkpoint; for a device with its own
/// memory it packs them into that memory.
/// </summary>
public static class WeightLoader
{
    /// <summary>
    /// Loads every matrix and vector of the plan. If <see cref="ModelOptions.PackedCache"/> is set and no valid copy exists, it writes one before it
    /// returns. Devices with their own memory use no copies.
    /// </summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="plan">What to load. The method sets <see cref="PlannedMatrix.Matrix"/> and <see cref="PlannedVector.Vector"/>.</param>
    /// <param name="options">The folder and verification of packed copies, and the receiver of warnings.</param>
    /// <param name="pool">The workers that load.</param>
    /// <param name="device">The device that will use the weights.</param>
    /// <param name="kernels">The CPU's kernels, which will use the matrices if the device is the CPU.</param>
    /// <param name="progress">Receives at least one report; may be null.</param>
    /// <param name="cancellationToken">Checked about every 32 MB. After cancellation nothing stays allocated or on disk.</param>
    /// <returns>The memory. The caller owns it and must keep it until the weights are no longer used.</returns>
    public static IDisposable Load(
        Weights weights,
        WeightPlan plan,
        ModelOptions options,
        WorkerPool pool,
        IComputeDevice device,
        PanelKernels kernels,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken)
    {
        DisposableStack owned = new();
        try
        {
            if (plan.Matrices.Count > 0)
            {
                owned.Add(device.Loader is { } loader
                    ? WeightUploader.Load(plan, pool, loader, progress, cancellationToken)
                    : LoadForCpu(weights, plan, options, pool, kernels, progress, cancellationToken));
            }

            foreach (PlannedVector vector in plan.Vectors)
            {
                vector.Vector = owned.Add(device.CreateVector(vector.Values));
            }

            return owned;
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    private static IDisposable LoadForCpu(
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
