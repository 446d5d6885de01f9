using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Threading;

/// <summary>Binds threads to CPUs on Linux. On other systems it does nothing.</summary>
internal static unsafe class CpuAffinity
{
    private const int MaskBytes = 128;

    /// <summary>Binds the calling thread to the <paramref name="index"/>-th CPU that the process was allowed to use at its start.</summary>
    public static void BindCurrentThread(int index)
    {
        int cpu = index < Allowed.Length ? Allowed[index] : -1;
        if (cpu < 0)
        {
            return;
        }

        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        mask[cpu / 8] = (byte)(1 << (cpu % 8));
        // The call fails where a container forbids it. That costs speed, nothing else, so the result is ignored.
        _ = SetAffinity(0, MaskBytes, mask);
    }

    private static readonly int[] Allowed = ReadAllowed();

    private static int[] ReadAllowed()
    {
        if (!OperatingSystem.IsLinux())
        {
            return [];
        }

        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        if (GetAffinity(0, MaskBytes, mask) < 0)
        {
            return [];
        }

        List<int> cpus = [];
        for (int cpu = 0; cpu < MaskBytes * 8; cpu++)
        {
            if ((mask[cpu / 8] & (1 << (cpu % 8))) != 0)
            {
                cpus.Add(cpu);
            }
        }

        return [.. cpus];
    }

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    private static extern int SetAffinity(int thread, nuint size, byte* mask);

    [DllImport("libc", EntryPoint = "sched_getaffinity")]
    private static extern int GetAffinity(int thread, nuint size, byte* mask);
}
