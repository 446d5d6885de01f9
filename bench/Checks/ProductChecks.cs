using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>
/// Checks products: every type of weights with every epilogue and with several numbers of tokens against the CPU's products in float32, and whether a
/// token's results have the same bits with any number of tokens and any shape of kernel.
/// </summary>
internal sealed class ProductChecks(DevicePair devices, CheckSizes sizes, CheckReport report)
{
    // Tensor cores do not say how they round sums; float32 kernels add in another order than the CPU.
    private const double SumTolerance = 1e-4;

    // Results in bfloat16 are off by one unit in the last place if the sum is on the other side of a tie.
    private const double Bf16Tolerance = (1.0 / 256) + SumTolerance;

    // What results are before they are added to.
    private const float Before = 3f;

    private static readonly ElementType[] Types = [ElementType.BF16, ElementType.F8E4M3, ElementType.I8, ElementType.I4, ElementType.F32];

    /// <summary>Runs all checks.</summary>
    public void Run()
    {
        foreach (ElementType type in Types)
        {
            report.Run($"products of {type}", () => Store(type));
            report.Run($"products of {type} with SwiGlu", () => SwiGlu(type));
            report.Run($"products of experts of {type}", () => Experts(type));
        }
    }

    private void Store(ElementType type)
    {
        int most = sizes.Tokens.Max(), outputs = sizes.Outputs;
        using RandomMatrix matrix = new(devices, outputs, sizes.Columns, type, paired: false, seed: 1);
        using RowPair x = Input(most, type);
        float[] expected = CpuProduct(matrix, x, most, outputs);
        foreach ((ElementType result, Epilogue epilogue) in new[] { (ElementType.F32, Epilogue.Store), (ElementType.BF16, Epilogue.Store), (ElementType.F32, Epilogue.Add) })
        {
            float[] whole = [.. expected.Select(value => epilogue == Epilogue.Add ? value + Before : value)];
            float[] bits = GpuProduct(matrix, x.Gpu, most, outputs, result, epilogue);
            foreach (int tokens in sizes.Tokens)
            {
                float[] actual = tokens == most ? bits : GpuProduct(matrix, x.Gpu, tokens, outputs, result, epilogue);
                string name = $"product {type} -> {result}, {epilogue}, {tokens} tokens";
                report.Compare(name, whole.AsSpan(0, actual.Length), actual, result == ElementType.BF16 ? Bf16Tolerance : SumTolerance);
                report.SameBits($"{name}: same bits as with {most}", bits.AsSpan(0, actual.Length), actual);
            }
        }

        if (type != ElementType.F32)
        {
            Shapes(matrix, x.Gpu, most, outputs, GpuProduct(matrix, x.Gpu, most, outputs, ElementType.F32, Epilogue.Store));
        }
    }

    private void SwiGlu(ElementType type)
    {
        int most = sizes.Tokens.Max(), outputs = sizes.Outputs;
        using RandomMatrix matrix = new(devices, 2 * outputs, sizes.Columns, type, paired: true, seed: 2);
        using RowPair x = Input(most, type);
        float[] sums = CpuProduct(matrix, x, most, 2 * outputs);
        float[] expected = new float[most * outputs];
        for (int i = 0; i < expected.Length; i++)
        {
            int at = (i / outputs * 2 * outputs) + (i % outputs);
            expected[i] = (float)(sums[at] / (1 + Math.Exp(-sums[at])) * sums[at + outputs]);
        }

        foreach (ElementType result in new[] { ElementType.F32, ElementType.BF16 })
        {
            float[] bits = GpuProduct(matrix, x.Gpu, most, outputs, result, Epilogue.SwiGlu);
            foreach (int tokens in sizes.Tokens)
            {
                float[] actual = tokens == most ? bits : GpuProduct(matrix, x.Gpu, tokens, outputs, result, Epilogue.SwiGlu);
                string name = $"product {type} -> {result}, SwiGlu, {tokens} tokens";
                report.Compare(name, expected.AsSpan(0, actual.Length), actual, result == ElementType.BF16 ? Bf16Tolerance : 2 * SumTolerance);
                report.SameBits($"{name}: same bits as with {most}", bits.AsSpan(0, actual.Length), actual);
            }
        }
    }

    // Three of four experts are there, and one of them has no tokens.
    private void Experts(ElementType type)
    {
        int[] counts = [3, 5, 0, 9];
        int rows = counts.Sum(), outputs = sizes.Outputs;
        using DisposableStack owned = new();
        RandomMatrix[] matrices = [.. counts.Select((_, i) => owned.Add(new RandomMatrix(devices, outputs, sizes.Columns, type, paired: false, seed: 3 + i)))];
        using RowPair x = Input(rows, type);
        using RowPair y = devices.Rows(rows, outputs, ElementType.F32);
        using IActivation input = CpuInput(x, rows);
        Experts(devices.Cpu, [.. matrices.Select(static m => m.Cpu)], counts, input, y.Cpu);
        Experts(devices.Gpu, [.. matrices.Select(static m => m.Gpu)], counts, x.Gpu, y.Gpu);
        report.Compare($"product {type}, 4 experts", y.ReadCpu(rows), y.ReadGpu(rows), SumTolerance);
    }

    private static void Experts(IComputeDevice device, IMatrix[] matrices, int[] counts, IActivation x, IActivation y)
    {
        using IMatrixTable table = device.CreateTable(matrices.Length);
        using IExpertRows groups = device.CreateExpertRows(matrices.Length);
        using IMatrixProducts products = device.CreateProducts(matrices.Length);
        for (int i = 0; i < matrices.Length; i++)
        {
            table[i] = i == 1 ? null : matrices[i];
        }

        groups.Set(0, counts);
        products.AddExperts(table, groups, [true, false, true, true], x, y, Epilogue.Store);
        products.Run();
        device.Synchronize();
    }

    private void Shapes(RandomMatrix matrix, IActivation x, int tokens, int outputs, float[] expected)
    {
        CudaActivation input = (CudaActivation)x;
        ProductLauncher launcher = new(devices.Gpu.Driver, devices.Gpu.Kernels);
        foreach (ProductShape shape in Enum.GetValues<ProductShape>())
        {
            using IActivation y = devices.Gpu.CreateActivation(tokens, outputs, ElementType.F32);
            CudaActivation output = (CudaActivation)y;
            launcher.Launch(
                ((CudaMatrix)matrix.Gpu).Matrix, ProductTokens.All(tokens), Of(input), Of(output), accumulate: false, shape, devices.Gpu.Stream);
            report.SameBits($"product {matrix.Type}, kernel for {shape}: same bits", expected, RowPair.Read(y, tokens));
        }
    }

    private static DeviceRows Of(CudaActivation rows) => new(rows.Address, rows.Stride, rows.Type);

    private RowPair Input(int tokens, ElementType weights) =>
        devices.Random(tokens, sizes.Columns, weights == ElementType.F32 ? ElementType.F32 : ElementType.BF16, seed: 7);

    // The CPU multiplies float32 weights with float32 rows; those of bfloat16 are exact in float32.
    private IActivation CpuInput(RowPair x, int tokens)
    {
        IActivation input = devices.Cpu.CreateActivation(tokens, sizes.Columns, ElementType.F32);
        input.CopyIn(0, tokens, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(x.ReadCpu(tokens)));
        return input;
    }

    private float[] CpuProduct(RandomMatrix matrix, RowPair x, int tokens, int outputs)
    {
        using IActivation input = CpuInput(x, tokens);
        using IActivation y = devices.Cpu.CreateActivation(tokens, outputs, ElementType.F32);
        Multiply(devices.Cpu, matrix.Cpu, input, y, tokens, Epilogue.Store);
        return RowPair.Read(y, tokens);
    }

    private float[] GpuProduct(RandomMatrix matrix, IActivation x, int tokens, int outputs, ElementType result, Epilogue epilogue)
    {
        using RowPair y = devices.Rows(tokens, outputs, result);
        if (epilogue == Epilogue.Add)
        {
            float[] before = new float[tokens * outputs];
            Array.Fill(before, Before);
            y.Write(before);
        }

        Multiply(devices.Gpu, matrix.Gpu, x, y.Gpu, tokens, epilogue);
        return y.ReadGpu(tokens);
    }

    private static void Multiply(IComputeDevice device, IMatrix matrix, IActivation x, IActivation y, int tokens, Epilogue epilogue)
    {
        using IMatrixProducts products = device.CreateProducts(1);
        products.Add(matrix, x, y, tokens, epilogue);
        products.Run();
    }
}
