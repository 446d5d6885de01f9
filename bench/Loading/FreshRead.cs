using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Bench.Loading;

/// <summary>
/// Reads all bytes of files into memory that nothing has used before. A load of bf16 weights that are not mapped cannot be faster, because the system
/// clears each page before the process may write it.
/// </summary>
internal sealed class FreshRead : IJob, IDisposable
{
    private const int Unit = 2 << 20;

    private readonly List<(SafeFileHandle File, long Offset, long Target, int Count)> _units = [];
    private readonly NativeBuffer _memory;

    public FreshRead(IEnumerable<string> files)
    {
        long total = 0;
        foreach (string path in files)
        {
            SafeFileHandle file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            for (long offset = 0; offset < length; offset += Unit)
            {
                int count = (int)Math.Min(Unit, length - offset);
                _units.Add((file, offset, total, count));
                total += count;
            }
        }

        _memory = new NativeBuffer(total, clear: false);
    }

    public int Units => _units.Count;

    public void Run(int unit, int worker)
    {
        (SafeFileHandle file, long offset, long target, int count) = _units[unit];
        Span<byte> memory = _memory.Slice(target, count);
        // The first write to a huge page clears it; a page that read() touches first comes in small pages.
        memory[0] = 0;
        RandomAccess.Read(file, memory, offset);
    }

    public void Dispose()
    {
        _memory.Dispose();
        foreach (SafeFileHandle file in _units.Select(static unit => unit.File).Distinct())
        {
            file.Dispose();
        }
    }
}
