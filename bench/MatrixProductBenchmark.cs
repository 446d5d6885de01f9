using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench;

/// <summary>
/// Measures products with weights of every type, by number of tokens, over matrices larger than any cache. The fraction compares the time with
/// its lower bound: the larger of the time to read the weights and the time to multiply at the machine's peak.
/// </summary>
internal static class MatrixProductBenchmark
{
    private const int Rows = 3584;
    private const int Columns = 1536;
    private const int Copies = 60;
    private const int Repeats = 4;

    public static void Run(WorkerPool pool, MachineLimits limits, InstructionSet isa)
    {
        foreach (ElementType type in new[] { ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4 })
        {
            Run(pool, limits, isa, type);
        }
    }

    private static void Run(WorkerPool pool, MachineLimits limits, InstructionSet isa, ElementType type)
    {
        long size = PackedMatrix.SizeOf(Rows, Columns, type);
        using NativeBuffer storage = new(size * Copies);
        PackedMatrix[] matrices =
        [
            .. Enumerable.Range(0, Copies).Select(i => new PackedMatrix(Rows, Columns, type, storage, i * size, PanelKernels.For(isa))),
        ];
        using MatrixProducts products = new(pool, 1);
        Console.WriteLine($"products [{Rows}, {Columns}] {type}: tokens, us, GB/s, Gop/s, fraction of the bound");
        foreach (int tokens in new[] { 1, 2, 4, 6, 8, 16, 32, 64, 128, 512 })
        {
            using Activation x = new(tokens, Columns, ElementType.BF16);
            using Activation y = new(tokens, Rows, ElementType.F32);
            int calls = Math.Clamp(600 / tokens, 3, Copies);
            double best = double.MaxValue;
            double read = 0;
            double peak = 0;
            for (int repeat = 0; repeat < Repeats; repeat++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int call = 0; call < calls; call++)
                {
                    products.Add(matrices[call], x, 0, y, 0, tokens, Epilogue.Store);
                    products.Run();
                }

                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / calls);
                read = Math.Max(read, limits.ReadBandwidth());
                peak = Math.Max(peak, limits.PeakOperations(type));
            }

            double operations = 2.0 * Rows * Columns * tokens;
            double bound = Math.Max(size / read, operations / peak);
            Console.WriteLine(
                $"{tokens,5} {best * 1e6,9:F1} {size / best / 1e9,7:F1} {operations / best / 1e9,8:F1} {bound / best,6:F2}   (limits {read / 1e9:F1} GB/s, {peak / 1e9:F0} Gop/s)");
        }
    }
}
