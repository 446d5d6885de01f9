using System.Runtime.InteropServices;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Memory;

/// <summary>
/// Shared memory of a block, with the last write and read of each granule: a thread, and the time, which is the number of barriers so far. Two accesses
/// of different threads are ordered if a barrier of both was between.
/// </summary>
internal sealed unsafe class SharedMemory : IDisposable
{
    /// <summary>Address of the first byte. The device keeps what is below to itself.</summary>
    public const uint Start = 1024;

    // In the lower half of a record: threads are below 1024.
    private const ulong ManyOfWarp = 0x8000;
    private const ulong ManyWarps = 0xffff;
    private const ulong Pending = ulong.MaxValue;
    private const ulong ThreadMask = 0xffff;
    private const int TimeShift = 16;

    private byte* _data;
    private ulong* _writes;
    private ulong* _reads;
    private int _capacity;
    private int _size;
    private int _shift;
    private bool _mayBePending;
    private ulong _start;
    private ulong _barrier;

    /// <summary>Number of barriers so far, of the block or of one of its warps.</summary>
    public ulong Time { get; private set; } = 1;

    /// <summary>Begins a block. All memory counts as never written.</summary>
    public void Reset(int size, int granule)
    {
        if (size > _capacity)
        {
            Dispose();
            _capacity = size;
            _data = (byte*)NativeMemory.AlignedAlloc((nuint)size + 64, 64);
            _writes = (ulong*)NativeMemory.AllocZeroed((nuint)size + 1, sizeof(ulong));
            _reads = (ulong*)NativeMemory.AllocZeroed((nuint)size + 1, sizeof(ulong));
        }

        if (granule >> 1 != _shift)
        {
            new Span<ulong>(_writes, _capacity).Clear();
            new Span<ulong>(_reads, _capacity).Clear();
            _shift = granule >> 1;
        }

        if (_mayBePending)
        {
            new Span<ulong>(_writes, _capacity).Replace(Pending, 0ul);
            _mayBePending = false;
        }

        _size = size;
        Time++;
        _start = Time << TimeShift;
        _barrier = _start;
    }

    /// <summary>All threads of the block met.</summary>
    public void BlockBarrier() => _barrier = ++Time << TimeShift;

    /// <summary>All threads of a warp met.</summary>
    public void WarpBarrier(Warp warp) => warp.BarrierTime = ++Time;

    /// <summary>Checks a read.</summary>
    /// <returns>The data.</returns>
    public byte* Read(Warp warp, int lane, ulong address, int size)
    {
        int offset = Check(warp, lane, address, size);
        ulong mine = Record(warp, lane);
        int last = (offset + size - 1) >> _shift;
        for (int i = offset >> _shift; i <= last; i++)
        {
            ulong write = _writes[i];
            if (write < _start || (write >= _barrier && (write & ThreadMask) != (mine & ThreadMask)))
            {
                CheckRead(warp, lane, address, write);
            }

            ulong read = _reads[i];
            _reads[i] = read < _barrier || (read & ThreadMask) == (mine & ThreadMask) ? mine : Merge(read, warp, lane);
        }

        return _data + offset;
    }

    /// <summary>Checks a write.</summary>
    /// <returns>Where the data go.</returns>
    public byte* Write(Warp warp, int lane, ulong address, int size)
    {
        int offset = Check(warp, lane, address, size);
        Claim(warp, lane, address, offset, size, Record(warp, lane));
        return _data + offset;
    }

    /// <summary>Checks the start of an asynchronous copy, after which its target must not be touched until it is done.</summary>
    public void BeginCopy(Warp warp, int lane, ulong address, int size)
    {
        _mayBePending = true;
        Claim(warp, lane, address, Check(warp, lane, address, size), size, Pending);
    }

    /// <summary>Writes the data of an asynchronous copy that is done.</summary>
    public void EndCopy(Warp warp, in PendingCopies.Copy copy)
    {
        int offset = (int)(copy.Address - Start);
        for (int i = offset >> _shift; i <= (offset + copy.Size - 1) >> _shift; i++)
        {
            _writes[i] = Record(warp, copy.Lane);
        }

        ((ReadOnlySpan<byte>)copy.Data)[..copy.Size].CopyTo(new Span<byte>(_data + offset, copy.Size));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        NativeMemory.Free(_writes);
        NativeMemory.Free(_reads);
        _data = null;
        _writes = null;
        _reads = null;
        _capacity = 0;
    }

    private void CheckRead(Warp warp, int lane, ulong address, ulong write)
    {
        if (write == Pending)
        {
            throw warp.Fault(lane, $"An asynchronous copy to shared address {address} was not waited for.");
        }

        if (write < _start)
        {
            throw warp.Fault(lane, $"Shared memory at address {address} was never written.");
        }

        if (!IsOrdered(write, warp, lane))
        {
            throw warp.Fault(lane, $"Race: thread {write & ThreadMask} wrote shared address {address} without a barrier between.");
        }
    }

    private void Claim(Warp warp, int lane, ulong address, int offset, int size, ulong record)
    {
        ulong thread = (uint)((warp.Number * 32) + lane);
        int last = (offset + size - 1) >> _shift;
        for (int i = offset >> _shift; i <= last; i++)
        {
            if (IsUndisputed(_writes[i], thread) && IsUndisputed(_reads[i], thread))
            {
                _writes[i] = record;
                continue;
            }

            if (_writes[i] == Pending)
            {
                throw warp.Fault(lane, $"An asynchronous copy to shared address {address} was not waited for.");
            }

            if (!IsOrdered(_writes[i], warp, lane))
            {
                throw warp.Fault(lane, $"Race: thread {_writes[i] & ThreadMask} wrote shared address {address} too, without a barrier between.");
            }

            if (!IsOrdered(_reads[i], warp, lane))
            {
                throw warp.Fault(lane, $"Race: another thread read shared address {address} without a barrier between.");
            }

            _writes[i] = record;
        }
    }

    private int Check(Warp warp, int lane, ulong address, int size)
    {
        if (address < Start || address - Start > (ulong)_size || _size - (int)(address - Start) < size)
        {
            throw warp.Fault(lane, $"Shared address {address} is not within the {_size} bytes at {Start}.");
        }

        return (address & (ulong)(size - 1)) == 0
            ? (int)(address - Start)
            : throw warp.Fault(lane, $"Shared address {address} is not aligned to {size} bytes.");
    }

    private ulong Record(Warp warp, int lane) => (Time << TimeShift) | (uint)((warp.Number * 32) + lane);

    private bool IsUndisputed(ulong record, ulong thread) => record < _barrier || (record & ThreadMask) == thread;

    private bool IsOrdered(ulong record, Warp warp, int lane) =>
        IsUndisputed(record, (uint)((warp.Number * 32) + lane)) || (IsOfWarp(record, warp) && record >> TimeShift < warp.BarrierTime);

    private static bool IsOfWarp(ulong record, Warp warp)
    {
        ulong thread = record & ThreadMask;
        return thread != ManyWarps && ((thread & ManyOfWarp) != 0 ? thread & ~ManyOfWarp : thread >> 5) == (uint)warp.Number;
    }

    // The reads of a granule since the last barrier of the block.
    private ulong Merge(ulong record, Warp warp, int lane) => IsOrdered(record, warp, lane)
        ? Record(warp, lane)
        : (Time << TimeShift) | (IsOfWarp(record, warp) ? ManyOfWarp | (uint)warp.Number : ManyWarps);
}
