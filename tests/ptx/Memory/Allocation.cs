using System.Runtime.InteropServices;

namespace HunyuanOrleans.Ptx.Memory;

/// <summary>
/// An allocation of device memory. Each byte has a record: 0 if nothing ever wrote it, otherwise which blocks of which launch touched it last, as
/// <see cref="LaunchTags"/> numbers them.
/// </summary>
internal sealed unsafe class Allocation
{
    /// <summary>Creates it. Its content is undefined.</summary>
    public Allocation(ulong address, long bytes)
    {
        Address = address;
        Bytes = bytes;
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 256);
        Records = (uint*)NativeMemory.AllocZeroed((nuint)bytes, sizeof(uint));
    }

    /// <summary>Its address on the device.</summary>
    public ulong Address { get; }

    /// <summary>Its size.</summary>
    public long Bytes { get; }

    /// <summary>Its content.</summary>
    public byte* Data { get; private set; }

    /// <summary>A record for each byte.</summary>
    public uint* Records { get; private set; }

    /// <summary>Whether it was freed.</summary>
    public bool IsFreed => Data == null;

    /// <summary>Whether it has all bytes of an access.</summary>
    public bool Has(ulong address, int size)
    {
        ulong offset = address - Address;
        return offset < (ulong)Bytes && offset + (ulong)size <= (ulong)Bytes;
    }

    /// <summary>Gives the memory back. Its address is not used again.</summary>
    public void Free()
    {
        NativeMemory.AlignedFree(Data);
        NativeMemory.Free(Records);
        Data = null;
        Records = null;
    }
}
