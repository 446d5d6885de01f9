using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench;

/// <summary>
/// Measures decode attention of one sequence over a long cache, in each cache format, against the memory read limit. It uses the heads of
/// Hunyuan-Large (80 query and 8 key/value heads of 80 elements) and of the benchmark's model (12 and 4 heads of 128 elements).
/// </summary>
internal static class AttentionBenchmark
{
    private const int Repeats = 25;

    private static readonly (int Heads, int KeyHeads, int HeadSize)[] Shapes = [(80, 8, 80), (12, 4, 128)];

    private static readonly ElementType[] Types = [ElementType.BF16, ElementType.I8, ElementType.F8E4M3];

    public static void Run(WorkerPool pool, MachineLimits limits, InstructionSet isa)
    {
        foreach ((int heads, int keyHeads, int headSize) in Shapes)
        {
            Console.WriteLine($"decode attention {heads}:{keyHeads} heads of {headSize}: positions, format, us, over bf16, GB/s, fraction of the read limit");
            foreach (int positions in new[] { 1024, 8192, 65536 })
            {
                Measure(pool, limits, isa, positions, heads, keyHeads, headSize);
            }
        }
    }

    private static void Measure(WorkerPool pool, MachineLimits limits, InstructionSet isa, int positions, int heads, int keyHeads, int headSize)
    {
        Case[] cases = [.. Types.Select(type => new Case(pool, isa, type, positions, heads, keyHeads, headSize))];
        double read = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            foreach (Case one in cases)
            {
                one.Run();
                read = Math.Max(read, limits.ReadBandwidth());
            }
        }

        foreach (Case one in cases)
        {
            double speed = one.Bytes / one.Best;
            Console.WriteLine(
                $"{positions,7} {one.Type,-7} {one.Best * 1e6,9:F1} {cases[0].Best / one.Best,6:F2} {speed / 1e9,7:F1} {speed / read,6:F2}   (limit {read / 1e9:F1} GB/s)");
            one.Dispose();
        }
    }

    private sealed class Case : IDisposable
    {
        private readonly KvBlocks _cache;
        private readonly QueryBuffer _queries;
        private readonly PagedAttention _attention;
        private readonly Activation _output;
        private readonly AttentionBatch _batch;

        public Case(WorkerPool pool, InstructionSet isa, ElementType type, int positions, int heads, int keyHeads, int headSize)
        {
            int[] blocks = [.. Enumerable.Range(0, positions / KvBlocks.Positions)];
            _cache = new KvBlocks(1, blocks.Length, keyHeads, headSize, type);
            _cache.CopyIn(0, blocks, new byte[_cache.TotalBytes]);

            _queries = new QueryBuffer(1, heads, _cache, PanelKernels.For(isa));
            _attention = new PagedAttention(pool, _cache, heads / keyHeads, PanelKernels.For(isa));
            _output = new Activation(1, heads * headSize, ElementType.BF16);
            _batch = new AttentionBatch(heads, keyHeads);
            _batch.Add(new AttentionSlice(0, 1, positions - 1, blocks));
        }

        public ElementType Type => _cache.Type;

        public long Bytes => _cache.TotalBytes;

        public double Best { get; private set; } = double.MaxValue;

        public void Run()
        {
            long start = Stopwatch.GetTimestamp();
            _attention.Run(_batch, _queries, 0, _output);
            Best = Math.Min(Best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        public void Dispose()
        {
            _cache.Dispose();
            _queries.Dispose();
            _attention.Dispose();
            _output.Dispose();
        }
    }
}
