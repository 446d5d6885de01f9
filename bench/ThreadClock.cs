using System.Runtime.InteropServices;

namespace HunyuanOrleans.Bench;

/// <summary>Reads the CPU time of the calling thread, which other load on the machine does not affect. Linux and macOS.</summary>
internal static class ThreadClock
{
    private static readonly int ThreadTime = OperatingSystem.IsMacOS() ? 16 : 3;

    /// <summary>CPU time of the calling thread in nanoseconds.</summary>
    public static long Now()
    {
        _ = ClockGetTime(ThreadTime, out Time time);
        return ((long)time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int ClockGetTime(int clock, out Time time);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
