using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Grains.Links;

/// <summary>
/// An event that one thread waits for, with a limit in ticks of <see cref="Stopwatch"/>. On Linux the limit is kept to a few microseconds, elsewhere to a
/// millisecond. It lives as long as the process.
/// </summary>
internal sealed class PreciseEvent
{
    private const int NonBlockingCloseOnExec = 0x80800, TimerSlack = 29;

    private const short Readable = 1;

    private static readonly long TicksPerMillisecond = Stopwatch.Frequency / 1000;

    private readonly int _file = OperatingSystem.IsLinux() ? CreateEvent(0, NonBlockingCloseOnExec) : -1;
    private readonly AutoResetEvent _event = new(false);
    private bool _prepared;

    /// <summary>Ends the present wait, or the next one if no thread waits.</summary>
    public void Set()
    {
        if (_file >= 0)
        {
            ulong one = 1;
            _ = Write(_file, in one, sizeof(ulong));
        }
        else
        {
            _event.Set();
        }
    }

    /// <summary>Waits until the event is set or the time is over.</summary>
    /// <param name="ticks">The limit; <see cref="long.MaxValue"/> for none.</param>
    public void Wait(long ticks)
    {
        if (_file < 0)
        {
            _event.WaitOne(ticks == long.MaxValue ? Timeout.Infinite : (int)Math.Min(int.MaxValue, (ticks + TicksPerMillisecond - 1) / TicksPerMillisecond));
            return;
        }

        if (!_prepared)
        {
            // By default Linux lets a thread oversleep by 50 us.
            _ = SetProcessOption(TimerSlack, 1, 0, 0, 0);
            _prepared = true;
        }

        Polled polled = new() { File = _file, Events = Readable };
        (long seconds, long rest) = Math.DivRem(Math.Min(ticks, Stopwatch.Frequency * int.MaxValue), Stopwatch.Frequency);
        TimeSpec limit = new() { Seconds = (nint)seconds, Nanoseconds = (nint)(rest * 1_000_000_000 / Stopwatch.Frequency) };
        if (Poll(ref polled, 1, in limit, 0) > 0)
        {
            _ = Read(_file, out ulong _, sizeof(ulong));
        }
    }

    [DllImport("libc", EntryPoint = "eventfd")]
    private static extern int CreateEvent(uint initial, int flags);

    [DllImport("libc", EntryPoint = "write")]
    private static extern nint Write(int file, in ulong value, nuint bytes);

    [DllImport("libc", EntryPoint = "read")]
    private static extern nint Read(int file, out ulong value, nuint bytes);

    [DllImport("libc", EntryPoint = "ppoll")]
    private static extern int Poll(ref Polled polled, nuint count, in TimeSpec limit, nint signals);

    [DllImport("libc", EntryPoint = "prctl")]
    private static extern int SetProcessOption(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int File;
        public short Events;
        public short Received;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
