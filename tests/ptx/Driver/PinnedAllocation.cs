using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Ptx.Driver;

/// <summary>An allocation of pinned memory, which copies that were submitted refer to.</summary>
/// <param name="bytes">Its size.</param>
internal sealed class PinnedAllocation(nint address, long bytes)
{
    private bool _isFreed;

    /// <summary>Whether it has all of a range.</summary>
    public bool Has(nint start, long count) => start >= address && start - address <= bytes - count;

    /// <summary>Notes that the memory was freed. Another allocation may get the same address.</summary>
    public void MarkFreed() => _isFreed = true;

    /// <summary>Checks that a copy may use the memory.</summary>
    /// <exception cref="CudaException">It was freed.</exception>
    public void EnsureNotFreed()
    {
        if (_isFreed)
        {
            throw new CudaException($"The pinned memory at 0x{address:x} was freed before a copy of it ran.");
        }
    }
}
