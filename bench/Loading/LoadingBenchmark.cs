using System.Diagnostics;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Loading;

/// <summary>
/// Measures how fast a model folder is loaded in each format, in bytes of the checkpoint per second, next to the speed of reading its files from the page
/// cache. Rounds take turns, so that all lines of a round see the same load of the machine.
/// </summary>
internal static class LoadingBenchmark
{
    private const int Rounds = 3;

    public static void Run(string folder, string[] formats)
    {
        QuantFormat?[] quants = [.. (formats is [] ? ["none", "int8-all", "int4-all", "fp8"] : formats).Select(static name => (QuantFormat?)QuantFormats.Parse(name))];
        string[] files = [.. Directory.GetFiles(folder, "*.safetensors").Order()];
        using WorkerPool pool = new();
        using FileRead reused = new(files, pool.Threads);
        Cost[] best = new Cost[quants.Length + 1];
        Array.Fill(best, new Cost(double.MaxValue, double.MaxValue, double.MaxValue));
        for (int round = 0; round < Rounds; round++)
        {
            Keep(ref best[0], () => pool.Run(reused, reused.Units));
            for (int i = 0; i < quants.Length; i++)
            {
                ModelOptions options = new() { Quant = quants[i], KvTokens = 1024 };
                Keep(ref best[i + 1], () => ModelRunner.Load(folder, options).Dispose());
            }
        }

        Console.WriteLine($"{reused.Bytes / 1e9:F1} GB, {pool.Threads} threads, best of {Rounds}: seconds, CPU seconds of the process and of the system for it, GB/s, fraction of reading into reused buffers");
        Write("read, reused buffers", 0);
        for (int i = 0; i < quants.Length; i++)
        {
            Write($"load {quants[i]!.Value.Name()}", i + 1);
        }

        void Write(string name, int i) => Console.WriteLine($"{name,-21} {best[i].Seconds,6:F2} {best[i].User,6:F2} {best[i].System,6:F2} "
            + $"{reused.Bytes / best[i].Seconds / 1e9,6:F1} {best[0].Seconds / best[i].Seconds,6:F2}");
    }

    private static void Keep(ref Cost best, Action action)
    {
        Process process = Process.GetCurrentProcess();
        TimeSpan user = process.UserProcessorTime, system = process.PrivilegedProcessorTime;
        long start = Stopwatch.GetTimestamp();
        action();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        best = new Cost(
            Math.Min(best.Seconds, seconds),
            Math.Min(best.User, (process.UserProcessorTime - user).TotalSeconds),
            Math.Min(best.System, (process.PrivilegedProcessorTime - system).TotalSeconds));
    }

    // CPU time tells more than time where other processes use the CPUs too.
    private readonly record struct Cost(double Seconds, double User, double System);
}
