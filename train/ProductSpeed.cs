using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Train;

/// <summary>Measures how fast this machine computes the products of training.</summary>
public static class ProductSpeed
{
    // Long enough to be repeatable, short enough to wait for.
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.3);

    /// <summary>Floating-point operations per second of x . wᵀ, dy . w and dyᵀ . x.</summary>
    /// <param name="threads">Threads that compute; 0 for all cores.</param>
    /// <param name="mode">Precision.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="rows">Rows of w.</param>
    /// <param name="columns">Columns of w.</param>
    public static (double Forward, double Backward, double Weight) Measure(int threads, ComputeMode mode, int tokens, int rows, int columns)
    {
        using WorkerPool pool = new(threads);
        using WeightProducts products = new(pool, PanelKernels.For(), mode);
        using Activation w = new(rows, columns, ElementType.F32), x = new(tokens, columns, ElementType.F32);
        using Activation y = new(tokens, rows, ElementType.F32);
        using NativeBuffer forwardMemory = new(PackedMatrix.SizeOf(rows, columns, mode.Element())), backwardMemory = new(PackedMatrix.SizeOf(columns, rows, mode.Element()));
        PackedMatrix forward = new(rows, columns, mode.Element(), forwardMemory, 0, PanelKernels.For());
        PackedMatrix backward = new(columns, rows, mode.Element(), backwardMemory, 0, PanelKernels.For());
        products.Pack(w, forward, backward);
        double operations = 2.0 * tokens * rows * columns;
        return (
            operations / Seconds(() => products.Run(forward, x, 0, y, 0, tokens, accumulate: false)),
            operations / Seconds(() => products.Run(backward, y, 0, x, 0, tokens, accumulate: false)),
            operations / Seconds(() => products.AddWeightGradient(y, 0, x, 0, tokens, w)));
    }

    private static double Seconds(Action run)
    {
        run();
        double best = double.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        do
        {
            long started = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(begin) < Duration);
        return best;
    }
}
