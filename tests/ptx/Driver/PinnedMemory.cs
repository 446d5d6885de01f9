using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Ptx.Driver;

/// <summary>Pinned memory of the host.</summary>
internal sealed unsafe class PinnedMemory : IDisposable
{
    /// <summary>What memory has that nobody wrote.</summary>
    public const byte Garbage = 0xcd;

    private readonly Dictionary<nint, PinnedAllocation> _all = [];

    /// <summary>Number of allocations.</summary>
    public int Count => _all.Count;

    /// <summary>Allocates.</summary>
    public nint Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        nint memory = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        NativeMemory.Fill((void*)memory, (nuint)bytes, Garbage);
        _all.Add(memory, new PinnedAllocation(memory, bytes));
        return memory;
    }

    /// <summary>Frees.</summary>
    public void Free(nint memory)
    {
        if (!_all.Remove(memory, out PinnedAllocation? allocation))
        {
            throw new CudaException($"No pinned memory begins at 0x{memory:x}.");
        }

        allocation.MarkFreed();
        NativeMemory.AlignedFree((void*)memory);
    }

    /// <summary>The allocation that has all of a range.</summary>
    /// <exception cref="CudaException">None has.</exception>
    public PinnedAllocation FindRange(nint memory, long bytes) => _all.Values.FirstOrDefault(allocation => allocation.Has(memory, bytes))
        ?? throw new CudaException($"{bytes} bytes at 0x{memory:x} are not pinned memory.");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (nint memory in _all.Keys)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _all.Clear();
    }
}
