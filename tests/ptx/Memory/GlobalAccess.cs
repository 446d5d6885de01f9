using System.Runtime.Intrinsics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Memory;

/// <summary>Accesses of one block to device memory, with all checks. It remembers the last allocation: most accesses stay in one for a while.</summary>
/// <param name="memory">The memory.</param>
internal sealed unsafe class GlobalAccess(DeviceMemory memory)
{
    private const int Remembered = 8;

    private readonly Allocation?[] _recent = new Allocation?[Remembered];
    private LaunchTags _tags;
    private uint _read;
    private uint _written;
    private bool _findsRaces;

    /// <summary>Begins a block.</summary>
    public void Reset(LaunchTags tags, uint block, bool findsRaces)
    {
        _tags = tags;
        _read = tags.Read(block);
        _written = tags.Written(block);
        _findsRaces = findsRaces;
        Array.Clear(_recent);
    }

    /// <summary>Checks a read.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="address">The address.</param>
    /// <param name="size">Bytes, a power of 2, to which the address must be aligned.</param>
    /// <param name="isConstant">Whether the instruction may only read what the launch does not write.</param>
    /// <returns>The data.</returns>
    public byte* Read(Warp warp, int lane, ulong address, int size, bool isConstant)
    {
        Allocation allocation = Find(warp, lane, address, size);
        ulong offset = address - allocation.Address;
        uint* records = allocation.Records + offset;
        for (int i = 0; i < size; i += 4)
        {
            // Four bytes mostly have the same record.
            uint record = records[i];
            if (size < 4 || Vector128.Load(records + i) != Vector128.Create(record))
            {
                ReadBytes(warp, lane, address + (ulong)i, records + i, Math.Min(size, 4), isConstant);
            }
            else if (record != _read && record != _tags.First)
            {
                if (record == 0 || record >= _tags.First)
                {
                    ReadBytes(warp, lane, address + (ulong)i, records + i, 4, isConstant);
                }
                else
                {
                    Vector128.Create(_read).Store(records + i);
                }
            }
        }

        return allocation.Data + offset;
    }

    /// <summary>Checks a write.</summary>
    /// <returns>Where the data go.</returns>
    public byte* Write(Warp warp, int lane, ulong address, int size)
    {
        Allocation allocation = Find(warp, lane, address, size);
        ulong offset = address - allocation.Address;
        uint* records = allocation.Records + offset;
        for (int i = 0; i < size; i++)
        {
            uint record = records[i];
            if (record >= _tags.First && record != _read && record != _written && _findsRaces)
            {
                string who = record == _tags.First ? "several blocks" : $"block {BlockOf(record)}";
                throw warp.Fault(
                    lane, $"Race: {who} of this launch {(IsWrite(record) ? "wrote" : "read")} device memory at 0x{address + (ulong)i:x} too.");
            }

            records[i] = _written;
        }

        return allocation.Data + offset;
    }

    private void ReadBytes(Warp warp, int lane, ulong address, uint* records, int size, bool isConstant)
    {
        for (int i = 0; i < size; i++)
        {
            uint record = records[i];
            if (record == _read || record == _tags.First)
            {
                continue;
            }

            if (record == 0)
            {
                throw warp.Fault(lane, $"Device memory at 0x{address + (ulong)i:x} was never written.");
            }

            if (record == _written)
            {
                if (isConstant)
                {
                    throw warp.Fault(lane, $"Device memory at 0x{address + (ulong)i:x} was written by this launch, so that .nc must not read it.");
                }

                continue;
            }

            if (record > _tags.First && _findsRaces)
            {
                if (IsWrite(record))
                {
                    throw warp.Fault(lane, $"Race: block {BlockOf(record)} of this launch wrote device memory at 0x{address + (ulong)i:x}.");
                }

                records[i] = _tags.First;
            }
            else
            {
                records[i] = _read;
            }
        }
    }

    private bool IsWrite(uint record) => record != _tags.First && (record - _tags.First) % 2 == 0;

    private uint BlockOf(uint record) => (record - _tags.First - 1) / 2;

    private Allocation Find(Warp warp, int lane, ulong address, int size)
    {
        if ((address & (ulong)(size - 1)) != 0)
        {
            throw warp.Fault(lane, $"Address 0x{address:x} is not aligned to {size} bytes.");
        }

        foreach (Allocation? recent in _recent)
        {
            if (recent is null)
            {
                break;
            }

            if (recent.Has(address, size))
            {
                return recent;
            }
        }

        return FindNew(warp, lane, address, size);
    }

    private Allocation FindNew(Warp warp, int lane, ulong address, int size)
    {
        Allocation? allocation = memory.Find(address);
        if (allocation is null)
        {
            throw warp.Fault(lane, $"Address 0x{address:x} is not in device memory.");
        }

        if ((long)(address - allocation.Address) > allocation.Bytes - size)
        {
            throw warp.Fault(
                lane, $"Address 0x{address:x} is {address - allocation.Address} bytes after the start of an allocation of {allocation.Bytes} bytes.");
        }

        if (allocation.IsFreed)
        {
            throw warp.Fault(lane, $"Address 0x{address:x} is in an allocation that was freed.");
        }

        Array.Copy(_recent, 0, _recent, 1, Remembered - 1);
        _recent[0] = allocation;
        return allocation;
    }
}
