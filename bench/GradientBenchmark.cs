using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench;

/// <summary>Measures the products of training, x . wᵀ, dy . w and dyᵀ . x, beside the machine's peak.</summary>
internal static class GradientBenchmark
{
    private const int Rounds = 7;

    public static void Run(WorkerPool pool, MachineLimits limits)
    {
        (int Rows, int Columns)[] shapes = [(1024, 1024), (3584, 1024), (4096, 4096)];
        foreach (ComputeMode mode in (ComputeMode[])[ComputeMode.Bf16, ComputeMode.F32])
        {
            foreach ((int rows, int columns) in shapes)
            {
                foreach (int tokens in (int[])[64, 256, 512, 2048])
                {
                    Measure(pool, limits, mode, tokens, rows, columns);
                }
            }
        }
    }

    private static void Measure(WorkerPool pool, MachineLimits limits, ComputeMode mode, int tokens, int rows, int columns)
    {
        using WeightProducts products = new(pool, PanelKernels.For(), mode);
        using Activation w = new(rows, columns, ElementType.F32), x = new(tokens, columns, ElementType.F32), y = new(tokens, rows, ElementType.F32);
        ElementType type = mode.Element();
        using NativeBuffer forwardMemory = new(PackedMatrix.SizeOf(rows, columns, type)), backwardMemory = new(PackedMatrix.SizeOf(columns, rows, type));
        PackedMatrix forward = new(rows, columns, type, forwardMemory, 0, PanelKernels.For());
        PackedMatrix backward = new(columns, rows, type, backwardMemory, 0, PanelKernels.For());
        products.Pack(w, forward, backward);
        double operations = 2.0 * tokens * rows * columns;
        double peak = 0, y1 = double.MaxValue, dx = double.MaxValue, dw = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            // In turn, so that a machine that becomes slower or faster meanwhile does so for all of them.
            peak = Math.Max(peak, limits.PeakOperations(type));
            y1 = Math.Min(y1, Seconds(() => products.Run(forward, x, 0, y, 0, tokens, accumulate: false)));
            dx = Math.Min(dx, Seconds(() => products.Run(backward, y, 0, x, 0, tokens, accumulate: false)));
            dw = Math.Min(dw, Seconds(() => products.AddWeightGradient(y, 0, x, 0, tokens, w)));
        }

        Console.WriteLine(FormattableString.Invariant(
            $"{mode} [{tokens}, {columns}] x [{rows}, {columns}]: peak {peak / 1e9:0} GFLOP/s, ")
            + FormattableString.Invariant($"forward {operations / y1 / peak:0.00}, dy.w {operations / dx / peak:0.00}, dyT.x {operations / dw / peak:0.00}"));
    }

    private static double Seconds(Action run)
    {
        long started = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
