using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// Maps the packed copy of a plan's weights if it exists and is valid. A copy that cannot be used causes a warning, never an error.
/// <see cref="PackedCopyWriter"/> writes copies.
/// </summary>
/// <param name="path">Path of the copy.</param>
/// <param name="key">The <see cref="PackedKey"/> that the copy must have.</param>
/// <param name="warn">Called with the reason if a copy exists and cannot be used; may be null.</param>
internal sealed class PackedCopy(string path, string key, Action<string>? warn)
{
    private const int Samples = 16;
    private const long PopulateBytes = 16 << 20;

    /// <summary>
    /// The path of a plan's copy. In the model's own folder the name does not contain the folder's path, so that the folder can be moved;
    /// elsewhere the name is different for every model. The copies of a model's pieces share a subfolder.
    /// </summary>
    public static string PathOf(Weights weights, WeightPlan plan, string directory)
    {
        string model = Path.GetDirectoryName(Path.GetFullPath(weights.Checkpoint.Source))!;
        bool beside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) == Path.TrimEndingDirectorySeparator(model);
        string identity = (plan.Piece is null ? PackedKey.PlanHash(plan) : "pieces") + (beside ? "" : model);
        string name = beside ? "model" : Path.GetFileName(model);
        string stem = $"{name}-{PackedKey.Hex(System.Text.Encoding.UTF8.GetBytes(identity))[..16]}.{plan.Types.Name}";
        return plan.Piece is null
            ? Path.Combine(directory, $"{stem}.packed")
            : Path.Combine(directory, $"{stem}.pieces", $"{plan.Piece}.packed");
    }

    /// <summary>Maps and checks the copy, and points the plan's matrices to it.</summary>
    /// <param name="plan">The matrices. If the copy is used, the method sets their <see cref="PlannedMatrix.Matrix"/>.</param>
    /// <param name="pool">The workers that check and map.</param>
    /// <param name="kernels">The kernels that will use the matrices.</param>
    /// <param name="verify">Whether to check every byte instead of samples.</param>
    /// <returns>
    /// The mapping, which the caller owns and must keep until the matrices are no longer used. Null if there is no copy, or if it cannot be
    /// used and a warning was given.
    /// </returns>
    public IDisposable? TryMap(WeightPlan plan, WorkerPool pool, PanelKernels kernels, bool verify)
    {
        FileInfo info = new(path);
        if (!info.Exists)
        {
            return null;
        }

        if (info.Length == 0)
        {
            warn?.Invoke(IgnoredMessage("it is empty"));
            return null;
        }

        MappedFile? file = null;
        try
        {
            file = MappedFile.Open(path);
            PackedHeader? header = PackedHeader.Read(count => file.Slice(0, count).ToArray(), file.Length, out string fault);
            fault = header is null ? fault : FindFault(header, plan, file, pool, verify);
            if (fault.Length == 0)
            {
                UseMapping(plan, file, header!.BodyOffset, kernels, pool);
                MappedFile mapped = file;
                file = null;
                return mapped;
            }

            warn?.Invoke(IgnoredMessage(fault));
        }
        catch (ModelException e)
        {
            warn?.Invoke($"{e.Message} The packed copy is ignored; the checkpoint is packed again.");
        }
        finally
        {
            file?.Dispose();
        }

        return null;
    }

    private string IgnoredMessage(string fault) => $"{path}: the packed copy is ignored, because {fault}; the checkpoint is packed again.";

    private string FindFault(PackedHeader header, WeightPlan plan, MappedFile file, WorkerPool pool, bool verify)
    {
        if (header.Key != key)
        {
            return $"it is stale: it was made of {PackedKey.Difference(key, header.Key)}";
        }

        if (header.BodyBytes != plan.TotalBytes)
        {
            return $"it holds {header.BodyBytes} bytes of weights instead of {plan.TotalBytes}";
        }

        int count = header.Checksums.Length;
        int[] chunks = verify || count <= Samples
            ? [.. Enumerable.Range(0, count)]
            : [.. Enumerable.Range(0, Samples).Select(i => (int)((long)i * (count - 1) / (Samples - 1)))];
        ulong[] found = ChunkChecksums.Compute(pool, (offset, length) => file.Slice(header.BodyOffset + offset, length), header.BodyBytes, chunks);
        for (int i = 0; i < chunks.Length; i++)
        {
            if (found[i] != header.Checksums[chunks[i]])
            {
                return $"it is damaged: the checksum of chunk {chunks[i]} of {count} is wrong";
            }
        }

        return "";
    }

    private static void UseMapping(WeightPlan plan, MappedFile file, long bodyOffset, PanelKernels kernels, WorkerPool pool)
    {
        nint body = file.Address + (nint)bodyOffset;
        MemoryAdvice.HugePages(body, plan.TotalBytes);
        foreach (PlannedMatrix planned in plan.Matrices)
        {
            planned.Matrix = new PackedMatrix(
                planned.Rows, planned.Columns, planned.Type, body + (nint)planned.Offset, plan.TotalBytes - planned.Offset, file, kernels);
        }

        // Pages that are in the page cache are mapped now, in parallel. All other pages are read on first use.
        pool.Run(new Populate(body, plan.TotalBytes), (int)((plan.TotalBytes + PopulateBytes - 1) / PopulateBytes));
    }

    private sealed class Populate(nint body, long bytes) : IJob
    {
        public void Run(int unit, int worker)
        {
            long offset = unit * PopulateBytes;
            long length = Math.Min(PopulateBytes, bytes - offset);
            if (MemoryAdvice.IsResident(body + (nint)offset) && MemoryAdvice.IsResident(body + (nint)(offset + length - 1)))
            {
                MemoryAdvice.Populate(body + (nint)offset, length);
            }
        }
    }
}
