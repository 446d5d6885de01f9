using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// Writes a packed copy atomically: to a temporary file, which is flushed to disk and then renamed, so that a file with the final name is
/// always complete. Several processes may write the same copy at once. A copy that cannot be written causes a warning, never an error.
/// </summary>
/// <param name="path">Path of the copy.</param>
/// <param name="key">The <see cref="PackedKey"/> of the weights.</param>
/// <param name="warn">Called with the reason if no copy can be written; may be null.</param>
internal sealed class PackedCopyWriter(string path, string key, Action<string>? warn)
{
    private const string Unfinished = ".unfinished";
    private const int ChunksPerReport = 4;

    /// <summary>Writes the region of a loaded plan.</summary>
    /// <param name="plan">The loaded matrices.</param>
    /// <param name="region">The memory of the matrices.</param>
    /// <param name="pool">The workers that compute checksums.</param>
    /// <param name="progress">Receives a report every 16 MB; may be null.</param>
    /// <param name="cancellationToken">Checked between chunks of 4 MB; after cancellation no file is left.</param>
    public void TryWrite(
        WeightPlan plan, NativeBuffer region, WorkerPool pool, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}{Unfinished}";
        try
        {
            string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
            Directory.CreateDirectory(directory);
            if (!TryRemoveUnfinished(directory))
            {
                // Another process is writing the same copy. Writing it twice would only cost disk time and space.
                return;
            }

            int chunks = ChunkChecksums.Count(plan.TotalBytes);
            ulong[] checksums = ChunkChecksums.Compute(pool, (offset, length) => region.Slice(offset, length), plan.TotalBytes, [.. Enumerable.Range(0, chunks)]);
            PackedHeader header = new(key, plan.TotalBytes, checksums);

            // Preallocate, so that a full disk is detected before anything is written.
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

    /// <summary>Deletes the temporary files of writers that died. Returns false if another process is still writing.</summary>
    private bool TryRemoveUnfinished(string directory)
    {
        foreach (string other in Directory.EnumerateFiles(directory, $"{Path.GetFileName(path)}.*{Unfinished}"))
        {
            try
            {
                // A writer opens its file exclusively, so opening it succeeds only if the writer is gone.
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
            // The file is never read, and the next writer tries again to delete it.
        }
    }
}
