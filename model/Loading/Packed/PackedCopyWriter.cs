using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// Writes a packed copy so that its name only ever stands for a whole one: into a file of another name, flushed to the disk, then
/// renamed. Processes that write the same copy at once do not disturb each other. What goes wrong is a warning, never an error.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="key">What the weights were made of.</param>
/// <param name="warn">Told why no copy was written; may be null.</param>
internal sealed class PackedCopyWriter(string path, string key, Action<string>? warn)
{
    private const string Unfinished = ".unfinished";
    private const int ChunksPerReport = 4;

    /// <summary>Writes the region of a loaded plan.</summary>
    /// <param name="plan">The matrices.</param>
    /// <param name="region">Their bytes.</param>
    /// <param name="pool">Workers.</param>
    /// <param name="progress">Told every 16 MB; may be null.</param>
    /// <param name="cancellationToken">Stops between two chunks; nothing is left behind.</param>
    public void TryWrite(
        WeightPlan plan, NativeBuffer region, WorkerPool pool, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}{Unfinished}";
        try
        {
            string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
            Directory.CreateDirectory(directory);
            if (!RemoveAbandoned(directory))
            {
                // Another process is writing this very copy; a second one would only take the disk's time and room.
                return;
            }

            int chunks = ChunkChecksums.Count(plan.TotalBytes);
            ulong[] hashes = ChunkChecksums.Compute(pool, (offset, length) => region.Slice(offset, length), plan.TotalBytes, [.. Enumerable.Range(0, chunks)]);
            PackedHeader header = new(key, plan.TotalBytes, hashes);

            // Reserving the room first finds a full disk before anything is written.
            using (SafeFileHandle file = File.OpenHandle(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: header.FileBytes))
            {
                RandomAccess.Write(file, header.ToBytes(), 0);
                WriteBody(file, header, plan, region, progress, cancellationToken);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Remove(temporary);
            warn?.Invoke($"{path}: the packed copy cannot be written: {e.Message} The model runs without it.");
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    private static void WriteBody(
        SafeFileHandle file,
        PackedHeader header,
        WeightPlan plan,
        NativeBuffer region,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken)
    {
        int matrices = 0;
        for (int chunk = 0; chunk < header.Checksums.Length; chunk++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long offset = (long)chunk * ChunkChecksums.ChunkBytes;
            int length = ChunkChecksums.LengthOf(chunk, plan.TotalBytes);
            RandomAccess.Write(file, region.Slice(offset, length), header.BodyOffset + offset);
            bool last = chunk == header.Checksums.Length - 1;
            if (last || chunk % ChunksPerReport == ChunksPerReport - 1)
            {
                while (matrices < plan.Matrices.Count && plan.Matrices[matrices].Offset + plan.Matrices[matrices].AlignedByteLength <= offset + length)
                {
                    matrices++;
                }

                progress?.Report(new LoadProgress(matrices, plan.Matrices.Count, offset + length, plan.TotalBytes, LoadStage.Saving));
            }
        }
    }

    /// <summary>Deletes what processes that died while writing left behind; false where one is still writing.</summary>
    private bool RemoveAbandoned(string directory)
    {
        foreach (string other in Directory.EnumerateFiles(directory, $"{Path.GetFileName(path)}.*{Unfinished}"))
        {
            try
            {
                // A writer holds its file alone, so opening succeeds only where there is none.
                File.OpenHandle(other, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            }
            catch (IOException) when (File.Exists(other))
            {
                return false;
            }
            catch (FileNotFoundException)
            {
                continue;
            }

            Remove(other);
        }

        return true;
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It holds nothing that is used; the next writer tries again.
        }
    }
}
