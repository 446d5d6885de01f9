using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Ptx.Memory;

/// <summary>The memory of a device: allocations with unused addresses between them.</summary>
/// <param name="capacity">Bytes of the device.</param>
internal sealed class DeviceMemory(long capacity) : IDisposable
{
    /// <summary>The record of bytes that were written, by no launch that still matters.</summary>
    public const uint Written = 1;

    private const ulong Start = 0x7f10_0000_0000;
    private const long Guard = 1 << 20;
    private const uint LastTag = 0xc000_0000;

    private readonly Lock _gate = new();
    private readonly List<Allocation> _all = [];
    private ulong _nextAddress = Start;
    private uint _nextTag = Written + 1;

    /// <summary>Bytes that are allocated.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Allocations that were not freed.</summary>
    public IReadOnlyList<Allocation> Living
    {
        get
        {
            lock (_gate)
            {
                return [.. _all.Where(static allocation => !allocation.IsFreed)];
            }
        }
    }

    /// <summary>Allocates.</summary>
    public Allocation Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        lock (_gate)
        {
            if (bytes > capacity - UsedBytes)
            {
                throw new CudaException($"Out of memory: {bytes} bytes are wanted, {capacity - UsedBytes} of {capacity} are free.");
            }

            Allocation allocation = new(_nextAddress, bytes);
            _nextAddress += (ulong)((bytes + (2 * Guard) - 1) / Guard * Guard);
            _all.Add(allocation);
            UsedBytes += bytes;
            return allocation;
        }
    }

    /// <summary>Frees an allocation.</summary>
    /// <param name="address">Its first byte.</param>
    public void Free(ulong address)
    {
        lock (_gate)
        {
            Allocation? allocation = Find(address);
            if (allocation is null || allocation.IsFreed || allocation.Address != address)
            {
                throw new CudaException($"No allocation begins at 0x{address:x}.");
            }

            UsedBytes -= allocation.Bytes;
            allocation.Free();
        }
    }

    /// <summary>The allocation at or before an address, freed or not, or null if there is none.</summary>
    public Allocation? Find(ulong address)
    {
        lock (_gate)
        {
            int low = 0;
            int high = _all.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_all[middle].Address <= address)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low == 0 ? null : _all[low - 1];
        }
    }

    /// <summary>The allocation that has all of a range.</summary>
    /// <exception cref="CudaException">None has.</exception>
    public Allocation FindRange(ulong address, long bytes)
    {
        Allocation? allocation = Find(address);
        if (allocation is null || allocation.IsFreed || bytes < 0 || (long)(address - allocation.Address) > allocation.Bytes - bytes)
        {
            throw new CudaException($"{bytes} bytes at 0x{address:x} are not within one allocation{(allocation is { IsFreed: true } ? ", which was freed" : "")}.");
        }

        return allocation;
    }

    /// <summary>Numbers for the records of a launch.</summary>
    public unsafe LaunchTags NextTags(long blocks)
    {
        lock (_gate)
        {
            if (_nextTag + (2 * blocks) + 1 > LastTag)
            {
                foreach (Allocation allocation in _all.Where(static allocation => !allocation.IsFreed))
                {
                    for (long i = 0; i < allocation.Bytes; i++)
                    {
                        allocation.Records[i] = Math.Min(allocation.Records[i], Written);
                    }
                }

                _nextTag = Written + 1;
            }

            LaunchTags tags = new(_nextTag);
            _nextTag += (uint)((2 * blocks) + 1);
            return tags;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Allocation allocation in Living)
        {
            allocation.Free();
        }
    }
}
