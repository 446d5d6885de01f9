using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Threading;

/// <summary>
/// Gives each worker a consecutive range of units, so that it walks through memory in order. A worker whose range is empty steals single
/// units from the far end of another worker's range.
/// </summary>
internal sealed class WorkStealingRanges
{
    // Each range has its own cache line: its owner writes it for every unit, and other workers should not contend for that line.
    private readonly Slot[] _slots;

    public WorkStealingRanges(int workers) => _slots = new Slot[workers];

    /// <summary>Sets the range [first, end) of an empty slot. All data that workers need for these units must be written before the call.</summary>
    public void Set(int slot, int first, int end) => Volatile.Write(ref _slots[slot].Range, Pack(first, end));

    /// <summary>Takes the next unit of the worker's own slot, or steals one from another slot. Returns -1 when no unit is left.</summary>
    /// <param name="slot">The worker's own slot.</param>
    /// <param name="likelyNext">The unit that this worker will most likely take next, or -1 if that cannot be foreseen.</param>
    public int Take(int slot, out int likelyNext)
    {
        while (true)
        {
            long range = Volatile.Read(ref _slots[slot].Range);
            (int first, int end) = Unpack(range);
            if (first >= end)
            {
                break;
            }

            if (Interlocked.CompareExchange(ref _slots[slot].Range, Pack(first + 1, end), range) == range)
            {
                likelyNext = first + 1 < end ? first + 1 : -1;
                return first;
            }
        }

        likelyNext = -1;
        for (int i = 1; i < _slots.Length; i++)
        {
            ref long other = ref _slots[(slot + i) % _slots.Length].Range;
            while (true)
            {
                long range = Volatile.Read(ref other);
                (int first, int end) = Unpack(range);
                if (first >= end)
                {
                    break;
                }

                if (Interlocked.CompareExchange(ref other, Pack(first, end - 1), range) == range)
                {
                    return end - 1;
                }
            }
        }

        return -1;
    }

    private static long Pack(int first, int end) => ((long)first << 32) | (uint)end;

    private static (int First, int End) Unpack(long range) => ((int)(range >> 32), (int)range);

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Slot
    {
        [FieldOffset(0)]
        public long Range;
    }
}
