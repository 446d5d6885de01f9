using HunyuanOrleans.Ptx.Driver;

namespace HunyuanOrleans.Ptx.Memory;

/// <summary>Copies from, to and within device memory, which note what was written.</summary>
internal static unsafe class DeviceCopies
{
    /// <summary>Copies from the host.</summary>
    public static void FromHost(DeviceMemory memory, ulong target, nint source, long bytes)
    {
        Allocation allocation = memory.FindRange(target, bytes);
        long offset = (long)(target - allocation.Address);
        Buffer.MemoryCopy((void*)source, allocation.Data + offset, bytes, bytes);
        Mark(allocation, offset, bytes);
    }

    /// <summary>Copies to the host. What nothing ever wrote becomes <see cref="PinnedMemory.Garbage"/>.</summary>
    public static void ToHost(DeviceMemory memory, nint target, ulong source, long bytes)
    {
        Allocation allocation = memory.FindRange(source, bytes);
        long offset = (long)(source - allocation.Address);
        byte* host = (byte*)target;
        Buffer.MemoryCopy(allocation.Data + offset, host, bytes, bytes);
        for (long i = 0; i < bytes; i++)
        {
            if (allocation.Records[offset + i] == 0)
            {
                host[i] = PinnedMemory.Garbage;
            }
        }
    }

    /// <summary>Copies within the device. What nothing ever wrote stays so.</summary>
    public static void Within(DeviceMemory memory, ulong target, ulong source, long bytes)
    {
        Allocation from = memory.FindRange(source, bytes);
        Allocation to = memory.FindRange(target, bytes);
        long fromOffset = (long)(source - from.Address);
        long toOffset = (long)(target - to.Address);
        if (from == to && Math.Abs(fromOffset - toOffset) < bytes)
        {
            throw new Cuda.Driver.CudaException($"The source 0x{source:x} and the target 0x{target:x} of {bytes} bytes overlap.");
        }

        Buffer.MemoryCopy(from.Data + fromOffset, to.Data + toOffset, bytes, bytes);
        for (long i = 0; i < bytes; i++)
        {
            to.Records[toOffset + i] = Math.Min(from.Records[fromOffset + i], DeviceMemory.Written);
        }
    }

    /// <summary>Sets bytes to zero.</summary>
    public static void Clear(DeviceMemory memory, ulong target, long bytes)
    {
        Allocation allocation = memory.FindRange(target, bytes);
        long offset = (long)(target - allocation.Address);
        System.Runtime.InteropServices.NativeMemory.Clear(allocation.Data + offset, (nuint)bytes);
        Mark(allocation, offset, bytes);
    }

    private static void Mark(Allocation allocation, long offset, long bytes)
    {
        while (bytes > 0)
        {
            int part = (int)Math.Min(bytes, 1 << 28);
            new Span<uint>(allocation.Records + offset, part).Fill(DeviceMemory.Written);
            offset += part;
            bytes -= part;
        }
    }
}
