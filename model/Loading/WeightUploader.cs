using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Packs the matrices of a plan into the memory of a device.</summary>
internal static class WeightUploader
{
    /// <summary>Allocates the memory and packs every matrix into it, in the order of the checkpoint's files.</summary>
    /// <returns>The memory. The caller owns it and must keep it until the matrices are no longer used.</returns>
    /// <exception cref="ModelException">A checkpoint file cannot be read.</exception>
    public static IDisposable Load(
        WeightPlan plan, WorkerPool pool, IMatrixLoader loader, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        IDeviceMemory memory = loader.Allocate(plan.TotalBytes);
        try
        {
            List<PlannedMatrix> ordered = [.. plan.Matrices.OrderBy(WeightPacker.FirstAddress)];
            ReadAhead readAhead = new(ordered);
            long total = ordered.Sum(static matrix => matrix.ByteLength), done = 0;
            for (int i = 0; i < ordered.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                PlannedMatrix planned = ordered[i];
                readAhead.Advance(i + 1, planned.ByteLength);
                planned.Matrix = loader.Load(memory, planned.Offset, planned.Source, pool, cancellationToken);
                done += planned.ByteLength;
                progress?.Report(new LoadProgress(i + 1, ordered.Count, done, total));
            }

            return memory;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            memory.Dispose();
            throw new ModelException($"The checkpoint cannot be read: {e.Message}", e);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }
}
