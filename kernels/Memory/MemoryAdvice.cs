using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Memory;

/// <summary>
/// Tells the operating system how memory will be used. These are hints: on systems other than Linux, or if the system refuses, nothing
/// happens and only speed is lost.
/// </summary>
public static unsafe class MemoryAdvice
{
    private const int WillNeedAdvice = 3;
    private const int HugePageAdvice = 14;
    private const int PopulateReadAdvice = 22;

    /// <summary>Asks for huge pages behind [address, address + bytes).</summary>
    public static void HugePages(nint address, long bytes) => Advise(address, bytes, HugePageAdvice);

    /// <summary>Starts reading the mapped file behind [address, address + bytes) and returns without waiting.</summary>
    public static void WillNeed(nint address, long bytes) => Advise(address, bytes, WillNeedAdvice);

    /// <summary>Maps all pages of [address, address + bytes), reading those that are not in memory, so that later reads cause no page faults.</summary>
    public static void Populate(nint address, long bytes) => Advise(address, bytes, PopulateReadAdvice);

    /// <summary>Whether the page of a mapped file at <paramref name="address"/> is in memory. Returns true if the system cannot tell.</summary>
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
