using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>Checks the operations on rows, the choice of experts and the embedding against the CPU's.</summary>
internal sealed class RowChecks(DevicePair devices, CheckSizes sizes, CheckReport report)
{
    private const double Float32Tolerance = 2e-6;
    private const double Bf16Tolerance = 1.0 / 128;

    /// <summary>Runs all checks.</summary>
    public void Run()
    {
        report.Run("norm", Norm);
        report.Run("bias", Bias);
        foreach (ElementType type in new[] { ElementType.F32, ElementType.BF16 })
        {
            report.Run($"gather of {type}", () => Gather(type));
            report.Run($"embedding of {type}", () => Embedding(type));
        }

        foreach ((int experts, int topK) in new[] { (16, 1), (8, 4), (64, 8) })
        {
            report.Run($"routing to {topK} of {experts} experts", () => Routing(experts, topK));
        }
    }

    private void Norm()
    {
        int rows = sizes.Rows, columns = sizes.Columns;
        float[] weight = DevicePair.RandomValues(columns, 1);
        using RowPair x = devices.Random(rows, columns, ElementType.F32, 2);
        using RowPair y32 = devices.Rows(rows, columns, ElementType.F32), y16 = devices.Rows(rows, columns, ElementType.BF16), copy = devices.Rows(rows, columns, ElementType.F32);
        foreach (IComputeDevice device in new IComputeDevice[] { devices.Cpu, devices.Gpu })
        {
            using IVector vector = device.CreateVector(weight);
            IRmsNorm norm = device.CreateRmsNorm();
            norm.Run(On(device, x), rows, vector, 1e-5f, On(device, y32));
            norm.Run(On(device, x), rows, vector, 1e-5f, On(device, y16), On(device, copy));
            device.Synchronize();
        }

        report.Compare("norm F32", y32.ReadCpu(rows), y32.ReadGpu(rows), Float32Tolerance);
        report.Compare("norm BF16", y16.ReadCpu(rows), y16.ReadGpu(rows), Bf16Tolerance);
        report.SameBits("norm BF16: the copy has the same values", y16.ReadGpu(rows), copy.ReadGpu(rows));
        float[] all = y32.ReadGpu(rows);
        using IVector again = devices.Gpu.CreateVector(weight);
        devices.Gpu.CreateRmsNorm().Run(x.Gpu, 1, again, 1e-5f, y32.Gpu);
        report.SameBits("norm F32: same bits with one row", all.AsSpan(0, columns), y32.ReadGpu(1));
    }

    private void Bias()
    {
        using RowPair x = devices.Random(sizes.Rows, sizes.Columns, ElementType.F32, 3);
        foreach (IComputeDevice device in new IComputeDevice[] { devices.Cpu, devices.Gpu })
        {
            using IVector vector = device.CreateVector(DevicePair.RandomValues(sizes.Columns, 4));
            device.CreateBiasAdd().Run(On(device, x), sizes.Rows, vector);
            device.Synchronize();
        }

        report.SameBits("bias", x.ReadCpu(sizes.Rows), x.ReadGpu(sizes.Rows));
    }

    private void Gather(ElementType type)
    {
        int[] rows = [.. Enumerable.Range(0, sizes.Rows).Select(i => i * 7 % sizes.Rows)];
        using RowPair x = devices.Random(sizes.Rows, sizes.Columns, type, 5), y = devices.Rows(sizes.Rows, sizes.Columns, type);
        devices.Cpu.CreateGather().Run(x.Cpu, rows, rows.Length, y.Cpu);
        devices.Gpu.CreateGather().Run(x.Gpu, rows, rows.Length, y.Gpu);
        report.SameBits($"gather {type}", y.ReadCpu(rows.Length), y.ReadGpu(rows.Length));
    }

    private void Embedding(ElementType type)
    {
        RandomRows rows = new(sizes.Rows, sizes.Columns, type);
        int[] tokens = [.. Enumerable.Range(0, sizes.Rows).Select(i => i * 11 % sizes.Rows)];
        using RowPair x = devices.Rows(sizes.Rows, sizes.Columns, ElementType.F32);
        foreach (IComputeDevice device in new IComputeDevice[] { devices.Cpu, devices.Gpu })
        {
            using IEmbeddingTable table = device.CreateEmbedding(rows, type, CancellationToken.None);
            table.Embed(tokens, On(device, x));
            device.Synchronize();
        }

        report.SameBits($"embedding {type}", x.ReadCpu(sizes.Rows), x.ReadGpu(sizes.Rows));
    }

    private void Routing(int experts, int topK)
    {
        int tokens = sizes.Rows, columns = sizes.Columns;
        using RowPair scores = devices.Random(tokens, experts, ElementType.F32, 6), x = devices.Random(tokens, columns, ElementType.BF16, 8);
        using RowPair sent = devices.Rows(tokens * topK, columns, ElementType.BF16), y = devices.Random(tokens, columns, ElementType.F32, 9);
        using IRoutedRows cpu = Route(devices.Cpu, scores, x, sent, y, experts, topK), gpu = Route(devices.Gpu, scores, x, sent, y, experts, topK);
        string name = $"routing to {topK} of {experts} experts";
        report.SameIntegers($"{name}: experts", All(cpu.ExpertsOf, tokens), All(gpu.ExpertsOf, tokens));
        report.SameIntegers($"{name}: counts", cpu.Counts, gpu.Counts);
        report.Compare($"{name}: weights", All(cpu.WeightsOf, tokens), All(gpu.WeightsOf, tokens), Float32Tolerance);
        report.SameBits($"{name}: rows sent", sent.ReadCpu(tokens * topK), sent.ReadGpu(tokens * topK));
        report.Compare($"{name}: weighted sum", y.ReadCpu(tokens), y.ReadGpu(tokens), Float32Tolerance);
    }

    private static IRoutedRows Route(IComputeDevice device, RowPair scores, RowPair x, RowPair sent, RowPair y, int experts, int topK)
    {
        IActivation logits = On(device, scores);
        IRoutedRows routed = device.CreateRoutedRows(logits.Rows, topK, experts);
        routed.Begin(logits.Rows, topK);
        device.CreateSelector().Run(logits, routed);
        device.CreateGather().Run(On(device, x), routed, On(device, sent));
        device.CreateWeightedRowSum().Run(On(device, sent), routed, On(device, y));
        device.Synchronize();
        return routed;
    }

    private static T[] All<T>(RowValues<T> of, int tokens)
    {
        List<T> all = [];
        for (int token = 0; token < tokens; token++)
        {
            all.AddRange(of(token));
        }

        return [.. all];
    }

    private static IActivation On(IComputeDevice device, RowPair pair) => device.UsesHostMemory ? pair.Cpu : pair.Gpu;

    private delegate ReadOnlySpan<T> RowValues<T>(int token);
}
