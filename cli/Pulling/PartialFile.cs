using System.Security.Cryptography;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A file that is not complete yet, with the running digest of the bytes written so far. Does not know where the bytes come from.</summary>
internal sealed class PartialFile : IDisposable
{
    private const int BlockBytes = 1 << 20;

    private readonly HubFile _file;
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private IncrementalHash _hash;

    private PartialFile(HubFile file, string path, SafeFileHandle handle) =>
        (_file, _path, _handle, _hash) = (file, path, handle, file.Digest.Begin(file.Size));

    /// <summary>Number of bytes written so far.</summary>
    public long Length { get; private set; }

    /// <summary>Opens the partial file that an earlier pull left, or creates an empty one.</summary>
    /// <param name="file">The file it will become.</param>
    /// <param name="path">The path of the partial file.</param>
    /// <param name="cancellation">Cancels reading what is already there.</param>
    public static PartialFile Open(HubFile file, string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        PartialFile partial = new(file, path, File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        try
        {
            partial.Resume(cancellation);
            return partial;
        }
        catch
        {
            partial.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file at a path has the listed size and digest. Reads the whole file.</summary>
    public static bool IsComplete(string path, HubFile file, CancellationToken cancellation)
    {
        using SafeFileHandle handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        using IncrementalHash hash = file.Digest.Begin(file.Size);
        return Read(handle, hash, cancellation) == file.Size && Convert.ToHexStringLower(hash.GetCurrentHash()) == file.Digest.Hex;
    }

    /// <summary>Appends bytes.</summary>
    /// <exception cref="ModelException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, Length);
        }
        catch (IOException e) when (DiskFullError.Is(e))
        {
            throw new ModelException(DiskFullError.Message(_path, Units.Bytes(_file.Size - Length)), e);
        }

        _hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>Deletes all content.</summary>
    public void Restart()
    {
        RandomAccess.SetLength(_handle, 0);
        _hash.Dispose();
        (_hash, Length) = (_file.Digest.Begin(_file.Size), 0);
    }

    /// <summary>The digest of the bytes written so far, in lower-case hexadecimal digits.</summary>
    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Moves the file to its final path atomically.</summary>
    public void Complete(string final)
    {
        // Flush before the rename: after a power failure, a file with its final name must have its content.
        RandomAccess.FlushToDisk(_handle);
        Directory.CreateDirectory(Path.GetDirectoryName(final)!);
        File.Move(_path, final, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
    }

    private void Resume(CancellationToken cancellation)
    {
        if (RandomAccess.GetLength(_handle) > _file.Size)
        {
            Restart();
        }

        Length = Read(_handle, _hash, cancellation);
    }

    private static long Read(SafeFileHandle handle, IncrementalHash hash, CancellationToken cancellation)
    {
        byte[] block = GC.AllocateUninitializedArray<byte>(BlockBytes);
        long at = 0;
        for (int count; (count = RandomAccess.Read(handle, block, at)) > 0; at += count)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, count);
        }

        return at;
    }
}
