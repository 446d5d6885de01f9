using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>
/// Checks attention against the CPU's, for several shapes of heads and every type of keys and values: a prompt, then steps with long and short contexts
/// together, and whether a row has the same bits alone.
/// </summary>
internal sealed class AttentionChecks(DevicePair devices, CheckSizes sizes, CheckReport report)
{
    private const double Float32Tolerance = 2e-5;

    // Probabilities and outputs are rounded to bfloat16.
    private const double Bf16Tolerance = 0.02;

    private static readonly ElementType[] Types = [ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.F32];

    /// <summary>Runs all checks.</summary>
    public void Run()
    {
        foreach ((int heads, int keyHeads, int headSize) in sizes.Heads)
        {
            foreach (ElementType type in Types)
            {
                string name = $"attention {heads}:{keyHeads} heads of {headSize}, {type}";
                report.Run(name, () => Check(name, heads, keyHeads, headSize, type));
            }
        }
    }

    private void Check(string name, int heads, int keyHeads, int headSize, ElementType type)
    {
        int context = sizes.Context, longBlocks = (context / KvBlocks.Positions) + 2;
        KvShape shape = new(1, longBlocks + 2, keyHeads, headSize, type, type == ElementType.F32 ? ElementType.F32 : ElementType.BF16);
        int[] first = [.. Enumerable.Range(0, longBlocks).Select(i => longBlocks - 1 - i)], second = [longBlocks + 1, longBlocks];
        using AttentionRun cpu = new(devices.Cpu, shape, heads, maxRows: context), gpu = new(devices.Gpu, shape, heads, maxRows: context);
        double tolerance = type == ElementType.F32 ? Float32Tolerance : Bf16Tolerance;

        AttentionSlice prompt = new(0, context, 0, first);
        float[] prefill = gpu.Run([prompt], seed: 1);
        report.Compare($"{name}, prompt of {context}", cpu.Run([prompt], seed: 1), prefill, tolerance);

        AttentionSlice[] step = [new(0, 1, context, first), new(1, 33, 0, second)];
        float[] together = gpu.Run(step, seed: 2);
        report.Compare($"{name}, one row after {context} positions beside a prompt of 33", cpu.Run(step, seed: 2), together, tolerance);
        report.SameBits($"{name}: same bits alone", together.AsSpan(0, heads * headSize), gpu.Run(step[..1], seed: 2));
    }
}
