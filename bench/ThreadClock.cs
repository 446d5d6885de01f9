using System.Runtime.InteropServices;

namespace HunyuanOrleans.Bench;

/// <summary>The time this thread has computed, which others on the machine do not disturb. Linux and macOS.</summary>
internal static class ThreadClock
{
    private static readonly int ThreadTime = OperatingSystem.IsMacOS() ? 16 : 3;

    /// <summary>In nanoseconds.</summary>
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
