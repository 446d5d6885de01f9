using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;

internal static class Program
{
    private static void Main(string[] args)
    {
        int threads = args.Length > 0 ? int.Parse(args[0]) : 2;
        using WorkerPool pool = new(threads);
        pool.PinCaller();
        int n = 3584, k = 1536, copies = 60;
        long size = PackedMatrix.SizeOf(n, k, ElementType.BF16);
        using NativeBuffer store = new(size * copies);
        var rnd = new Random(1);
        float[] row = new float[n * k];
        for (int i = 0; i < row.Length; i++) row[i] = (float)(rnd.NextDouble() - 0.5);
        MatrixPacker packer = new();
        List<PackedMatrix> ms = new();
        unsafe
        {
            fixed (float* p = row)
                for (int c = 0; c < copies; c++)
                {
                    PackedMatrix m = new(n, k, ElementType.BF16, store, c * size, HunyuanOrleans.Kernels.Panels.PanelKernels.For());
                    packer.Pack(pool, m, [new SourceRows((nint)p, k * 4, n, ElementType.F32)]);
                    ms.Add(m);
                }
        }
        using MatrixProducts prod = new(pool, 4);
        foreach (int t in new[] { 1, 2, 4, 6, 7, 8, 12, 16, 32, 64, 128, 512 })
        {
            using Activation x = new(t, k, ElementType.BF16);
            using Activation y = new(t, n, ElementType.F32);
            for (int r = 0; r < t; r++) { var b = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(x.RowBytes(r)); for (int i = 0; i < k; i++) b[i] = (ushort)(0x3f80 - (i * 7 + r) % 50); }
            double best = 1e9;
            for (int rep = 0; rep < 4; rep++)
            {
                int cnt = Math.Max(3, Math.Min(copies, 600 / t));
                long t0 = Stopwatch.GetTimestamp();
                for (int c = 0; c < cnt; c++) { prod.Add(ms[c], x, 0, y, 0, t, Epilogue.Store); prod.Run(); }
                best = Math.Min(best, Stopwatch.GetElapsedTime(t0).TotalSeconds / cnt);
            }
            Console.WriteLine($"T={t,4} {best * 1e6,9:F1} us  {size / best / 1e9,7:F1} GB/s {2.0 * n * k * t / best / 1e9,8:F1} Gflop/s");
        }
    }
}
