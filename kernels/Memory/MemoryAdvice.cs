using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Memory;

/// <summary>
/// Tells the system how memory will be used. Hints only: where the system has none of it (not Linux), or refuses, nothing happens and
/// only speed is lost. It does not know what the memory holds.
/// </summary>
public static unsafe class MemoryAdvice
{
    private const int WillNeedAdvice = 3;
    private const int HugePageAdvice = 14;
    private const int PopulateReadAdvice = 22;

    /// <summary>Asks for large pages in whole pages of [address, address + bytes).</summary>
    public static void HugePages(nint address, long bytes) => Advise(address, bytes, HugePageAdvice);

    /// <summary>Starts reading the mapped file behind [address, address + bytes), without waiting for it.</summary>
    public static void WillNeed(nint address, long bytes) => Advise(address, bytes, WillNeedAdvice);

    /// <summary>Makes the mapped pages of [address, address + bytes) readable without a page fault, reading what is not in memory.</summary>
    public static void Populate(nint address, long bytes) => Advise(address, bytes, PopulateReadAdvice);

    /// <summary>Whether the page of a mapped file at <paramref name="address"/> is in memory; true where that cannot be told.</summary>
    public static bool IsResident(nint address)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        byte state = 1;
        nint page = address / Environment.SystemPageSize * Environment.SystemPageSize;
        return Mincore((void*)page, 1, &state) != 0 || (state & 1) != 0;
    }

    private static void Advise(nint address, long bytes, int advice)
    {
        if (!OperatingSystem.IsLinux() || bytes <= 0)
        {
            return;
        }

        nint page = address / Environment.SystemPageSize * Environment.SystemPageSize;
        _ = Madvise((void*)page, (nuint)(bytes + (address - page)), advice);
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Madvise(void* address, nuint length, int advice);

    [DllImport("libc", EntryPoint = "mincore")]
    private static extern int Mincore(void* address, nuint length, byte* states);
}
