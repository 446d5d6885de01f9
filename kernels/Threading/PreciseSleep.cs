using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Threading;

/// <summary>Puts a thread to sleep more exactly than Thread.Sleep, which counts in milliseconds.</summary>
public static class PreciseSleep
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Sleeps until a timestamp of <see cref="Stopwatch"/>. It returns at once if the timestamp has passed, and may return some 0.05 ms late.</summary>
    public static void Until(long timestamp)
    {
        for (long left; (left = timestamp - Stopwatch.GetTimestamp()) > 0;)
        {
            double seconds = (double)left / Stopwatch.Frequency;
            if (!OperatingSystem.IsLinux())
            {
                Thread.Sleep(Math.Max(1, (int)(seconds * 1000)));
                continue;
            }

            long nanoseconds = (long)(seconds * NanosecondsPerSecond);
            TimeSpec time = new() { Seconds = nanoseconds / NanosecondsPerSecond, Nanoseconds = nanoseconds % NanosecondsPerSecond };

            // A signal ends the sleep early; the loop sleeps the rest.
            _ = NanoSleep(time, 0);
        }
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int NanoSleep(in TimeSpec time, nint remaining);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
