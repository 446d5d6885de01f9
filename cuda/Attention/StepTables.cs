using System.Numerics;
using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// The block tables of the sequences of a step in device memory. Only entries that differ from those of the last step are uploaded: a table that grows
/// keeps its place. If a sequence joins or leaves, tables after it may move and are uploaded again. Not thread-safe.
/// </summary>
internal sealed class StepTables : IDisposable
{
    // Beginning a copy takes about as long as copying so many entries more, so ranges that are closer are copied together.
    private const int LargestGap = 1024;

    // A table grows into the rest of its place, which is a power of two of at least so many entries.
    private const int SmallestPlace = 16;

    private readonly StepMemory _memory;
    private readonly List<(int First, int End)> _changes = [];

    // Whether the device may have anything else than the host: at first, in new memory, and if a step failed before its upload.
    private bool _differs = true;
    private bool _uploadsAll;

    /// <summary>Allocates the memory.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="entries">Entries that there is room for at first. The memory grows.</param>
    public StepTables(ICudaDriver driver, int entries) => _memory = new StepMemory(driver, Bytes(entries));

    /// <summary>Address of the first table.</summary>
    public ulong Address => _memory.Address;

    /// <summary>Entries of a slice.</summary>
    public static int EntriesOf(in AttentionSlice slice) => (slice.Start + slice.Count + KvLayout.Positions - 1) / KvLayout.Positions;

    /// <summary>Entries from a slice's table to the next.</summary>
    public static int PlaceOf(in AttentionSlice slice) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(EntriesOf(slice), SmallestPlace));

    /// <summary>Begins a step. <see cref="Address"/> changes if there is not enough room. If there is no memory for that, nothing changes.</summary>
    /// <param name="entries">Entries of all places.</param>
    public void Begin(int entries)
    {
        ulong address = _memory.Address;
        _memory.Reserve(Bytes(entries));
        _memory.Wait();
        _uploadsAll = _differs || _memory.Address != address;
        _differs = true;
        _changes.Clear();
    }

    /// <summary>Writes the table of a sequence. The tables of a step are written in ascending order of their places.</summary>
    /// <param name="at">Its first entry.</param>
    /// <param name="blocks">The blocks.</param>
    public void Write(int at, ReadOnlySpan<int> blocks)
    {
        Span<int> table = MemoryMarshal.Cast<byte, int>(_memory.Content).Slice(at, blocks.Length);
        int first = table.CommonPrefixLength(blocks);
        int end = blocks.Length;
        while (end > first && table[end - 1] == blocks[end - 1])
        {
            end--;
        }

        if (first < end)
        {
            blocks[first..end].CopyTo(table[first..end]);
            AddChange(at + first, at + end);
        }
    }

    /// <summary>Uploads what <see cref="Write"/> changed. The earlier work of the stream still finds the old content.</summary>
    /// <param name="stream">The stream.</param>
    public void UploadAsync(nint stream)
    {
        if (_uploadsAll)
        {
            _memory.UploadAsync(0, _memory.Capacity, stream);
        }
        else
        {
            foreach ((int first, int end) in _changes)
            {
                _memory.UploadAsync(Bytes(first), Bytes(end - first), stream);
            }
        }

        _differs = false;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static long Bytes(int entries) => entries * (long)sizeof(int);

    private void AddChange(int first, int end)
    {
        if (_changes.Count > 0 && first - _changes[^1].End <= LargestGap)
        {
            _changes[^1] = (_changes[^1].First, end);
        }
        else
        {
            _changes.Add((first, end));
        }
    }
}
