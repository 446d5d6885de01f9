using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Threading;

/// <summary>
/// Units of work dealt out to workers as consecutive ranges, so that a worker walks through memory in order; who is done early takes
/// single units from the far end of another's range. It does not know what a unit is.
/// </summary>
internal sealed class SharedRanges
{
    // One cache line each: a range is a hot word of its owner.
    private readonly Slot[] _slots;

    public SharedRanges(int workers) => _slots = new Slot[workers];

    /// <summary>Sets the range [first, end) of an empty slot. What a taker needs must be written before.</summary>
    public void Set(int slot, int first, int end) => Volatile.Write(ref _slots[slot].Range, Pack(first, end));

    /// <summary>Takes the next unit of the own slot, else one of another's; -1 when none is left.</summary>
    /// <param name="slot">The taker's slot.</param>
    /// <param name="following">The unit that this worker will most likely take next, or -1.</param>
    public int Take(int slot, out int following)
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
                following = first + 1 < end ? first + 1 : -1;
                return first;
            }
        }

        following = -1;
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
