using System.Security.Cryptography;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>What is there of a file so far, with the digest of it. It does not know where bytes come from.</summary>
internal sealed class PartialFile : IDisposable
{
    private const int BlockBytes = 1 << 20;

    private readonly HubFile _file;
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private IncrementalHash _hash;

    private PartialFile(HubFile file, string path, SafeFileHandle handle) =>
        (_file, _path, _handle, _hash) = (file, path, handle, file.Digest.Begin(file.Size));

    /// <summary>Bytes there are.</summary>
    public long Length { get; private set; }

    /// <summary>Opens what was begun earlier, or begins.</summary>
    public static PartialFile Open(HubFile file, string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        PartialFile partial = new(file, path, File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        try
        {
            partial.TakeUp(cancellation);
            return partial;
        }
        catch
        {
            partial.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file has a content; reads all of it.</summary>
    public static bool Holds(string path, HubFile file, CancellationToken cancellation)
    {
        using SafeFileHandle handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        using IncrementalHash hash = file.Digest.Begin(file.Size);
        return Read(handle, hash, cancellation) == file.Size && Convert.ToHexStringLower(hash.GetCurrentHash()) == file.Digest.Hex;
    }

    /// <summary>Adds bytes at the end.</summary>
    /// <exception cref="ModelException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, Length);
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw new ModelException(DiskFull.Message(_path, Units.Bytes(_file.Size - Length)), e);
        }

        _hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>Forgets everything.</summary>
    public void Restart()
    {
        RandomAccess.SetLength(_handle, 0);
        _hash.Dispose();
        (_hash, Length) = (_file.Digest.Begin(_file.Size), 0);
    }

    /// <summary>The digest of what is there.</summary>
    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Gives the file its final name, whole, whatever happens meanwhile.</summary>
    public void Finish(string final)
    {
        // Before the name: it must not outlive a power cut that the content does not.
        RandomAccess.FlushToDisk(_handle);
        Directory.CreateDirectory(Path.GetDirectoryName(final)!);
        File.Move(_path, final, overwrite: true);
    }

    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
    }

    private void TakeUp(CancellationToken cancellation)
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
