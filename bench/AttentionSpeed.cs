using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench;

/// <summary>Decode attention of one sequence over a long bfloat16 cache (80 heads over 8, head size 80), against the read limit.</summary>
internal static class AttentionSpeed
{
    private const int Heads = 80;
    private const int KeyHeads = 8;
    private const int HeadSize = 80;
    private const int Repeats = 5;

    public static void Run(WorkerPool pool, MachineLimits limits, InstructionSet isa)
    {
        Console.WriteLine($"decode attention {Heads}:{KeyHeads} heads of {HeadSize} bf16: positions, us, GB/s, fraction of the read limit");
        foreach (int positions in new[] { 1024, 8192, 65536 })
        {
            int[] blocks = [.. Enumerable.Range(0, positions / KvBlocks.Positions)];
            using KvBlocks cache = new(1, blocks.Length, KeyHeads, HeadSize, ElementType.BF16);
            foreach (int block in blocks)
            {
                cache.BlockBytesOf(0, block).Clear();
            }

            using QueryRows queries = new(1, Heads, cache);
            using PagedAttention attention = new(pool, cache, Heads / KeyHeads, PanelKernels.For(isa));
            using Activation output = new(1, Heads * HeadSize, ElementType.BF16);
            AttentionBatch batch = new(Heads, KeyHeads);
            batch.Add(new AttentionSlice(0, 1, positions - 1, blocks));
            double best = double.MaxValue;
            double read = 0;
            for (int repeat = 0; repeat < Repeats; repeat++)
            {
                long start = Stopwatch.GetTimestamp();
                attention.Run(batch, queries, 0, output);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
                read = Math.Max(read, limits.ReadBandwidth());
            }

            double speed = cache.TotalBytes / best;
            Console.WriteLine($"{positions,7} {best * 1e6,9:F1} {speed / 1e9,7:F1} {speed / read,6:F2}   (limit {read / 1e9:F1} GB/s)");
        }
    }
}
