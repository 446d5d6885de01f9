using HunyuanOrleans.Kernels.Threading;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Bench.Loading;

/// <summary>Reads all bytes of files with the workers of a pool, each into a buffer that it uses again and again. Nothing reads a checkpoint faster.</summary>
internal sealed class FileRead : IJob, IDisposable
{
    // Fits into the second-level cache, so that reading costs no memory bandwidth beyond the page cache's.
    private const int Unit = 256 << 10;

    private readonly List<(SafeFileHandle File, long Offset)> _units = [];
    private readonly byte[][] _buffers;

    public FileRead(IEnumerable<string> files, int workers)
    {
        _buffers = [.. Enumerable.Range(0, workers).Select(static _ => GC.AllocateUninitializedArray<byte>(Unit, pinned: true))];
        foreach (string path in files)
        {
            SafeFileHandle file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            Bytes += length;
            for (long offset = 0; offset < length; offset += Unit)
            {
                _units.Add((file, offset));
            }
        }
    }

    /// <summary>Length of all files in bytes.</summary>
    public long Bytes { get; }

    public int Units => _units.Count;

    public void Run(int unit, int worker) => RandomAccess.Read(_units[unit].File, _buffers[worker], _units[unit].Offset);

    public void Dispose()
    {
        foreach (SafeFileHandle file in _units.Select(static unit => unit.File).Distinct())
        {
            file.Dispose();
        }
    }
}
