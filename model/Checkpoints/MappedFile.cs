using System.IO.MemoryMappedFiles;
using HunyuanOrleans.Gguf;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// A file mapped read-only into memory. The operating system reads pages when they are first accessed. Hazard: addresses and spans are
/// valid only until <see cref="Dispose"/>, and if the file is truncated after it was mapped, accessing the missing pages ends the process.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    private MappedFile(
        string path, SafeFileHandle handle, MemoryMappedFile file, MemoryMappedViewAccessor view, long length, DateTime modified)
    {
        Handle = handle;
        Path = path;
        Length = length;
        LastWriteTimeUtc = modified;
        _file = file;
        _view = view;
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _start = pointer + _view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>The file, open for reading until <see cref="Dispose"/>.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Length of the file in bytes when it was mapped.</summary>
    public long Length { get; }

    /// <summary>Bytes at the beginning of the file that tell its contents apart; set by the reader of its format.</summary>
    public long HeaderBytes { get; set; }

    /// <summary>Last write time in UTC. If the path is a link, that of the linked file.</summary>
    public DateTime LastWriteTimeUtc { get; }

    /// <summary>Address of the first byte.</summary>
    public nint Address => _start is null ? throw new ObjectDisposedException(Path) : (nint)_start;

    /// <exception cref="ModelException">The file is missing, empty or unreadable.</exception>
    public static MappedFile Open(string path)
    {
        MemoryMappedFile? file = null;
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = RandomAccess.GetLength(handle);
            if (length == 0)
            {
                handle.Dispose();
                throw new ModelException($"{path}: the file is empty; allowed: a file of tensors.");
            }

            DateTime modified = File.GetLastWriteTimeUtc(handle);

            file = MemoryMappedFile.CreateFromFile(
                handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            MappedFile mapped = new(path, handle, file, file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), length, modified);
            return GitLfsPointer.Is(mapped.Slice(0, (int)Math.Min(length, GitLfsPointer.MostBytes)))
                ? throw Pointer(mapped)
                : mapped;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            file?.Dispose();
            handle?.Dispose();
            throw new ModelException($"{path}: cannot be mapped into memory: {e.Message}", e);
        }
    }

    private static ModelException Pointer(MappedFile file)
    {
        file.Dispose();
        return new ModelException(GitLfsPointer.Message(file.Path));
    }

    /// <summary>A range of the mapped bytes, without copying them.</summary>
    public ReadOnlySpan<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }

    public void Dispose()
    {
        if (_start is null)
        {
            return;
        }

        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        Handle.Dispose();
    }
}
