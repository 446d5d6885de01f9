using System.Globalization;
using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Ptx.Lint;

namespace HunyuanOrleans.Bench.Counts;

/// <summary>Counts what products of one matrix cost the kernels for few, some and many tokens, by executing their PTX. It needs no GPU.</summary>
internal static class ProductCounts
{
    // The output projection of attention in Hunyuan-Large. Every block of a kernel executes the same instructions, so one shape is enough.
    private const int Outputs = 6400;
    private const int Columns = 6400;

    private static readonly ElementType[] Types = [ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4];

    private static readonly (ProductShape Shape, int Tokens)[] Shapes = [(ProductShape.Decode, 1), (ProductShape.Batch, 64), (ProductShape.Prefill, 256)];

    /// <summary>Prints a line for each type of weights and shape of kernel.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(options, [], ["--outputs", "--columns", "--model", "--json"]);
        int outputs = arguments.Integer("--outputs", Outputs, 1, int.MaxValue), columns = arguments.Integer("--columns", Columns, 1, int.MaxValue);
        Console.WriteLine($"products with a matrix of {outputs} rows and {columns} columns");
        Console.WriteLine("weights  shape    tokens  registers  shared of a block  instructions  weight bytes/instruction  instructions/mma  shared bytes/mma  bytes read/weight byte");
        List<ProductCount> counts = [];
        foreach ((ProductShape shape, int tokens) in Shapes)
        {
            foreach (ElementType type in Types)
            {
                ProductCount count = Count(CudaMatrixLayout.Of(outputs, columns, type), shape, tokens);
                counts.Add(count);
                Print(count);
            }
        }

        if (arguments.Find("--model") is { } model)
        {
            new LayerPrediction(ModelConfig.Load(model), counts).Print();
        }

        BenchJson.Write(arguments.Find("--json"), new { Outputs = outputs, Columns = columns, Counts = counts });
        return 0;
    }

    private static ProductCount Count(in CudaMatrixLayout layout, ProductShape shape, int tokens)
    {
        PtxDriver driver = new(new PtxDriverOptions { Workers = Environment.ProcessorCount });
        using CudaComputeDevice device = new(driver);
        using IDeviceMemory weights = device.Loader.Allocate(layout.ByteLength);
        ulong address = ((CudaMemory)weights).Address;
        driver.ClearAsync(address, layout.ByteLength, device.Stream);
        using IActivation x = device.CreateActivation(tokens, layout.Columns, ElementType.BF16), y = device.CreateActivation(tokens, layout.Outputs, ElementType.F32);
        new ProductLauncher(driver, device.Kernels).Launch(
            DeviceMatrix.At(layout, address), ProductTokens.All(tokens), Rows(x), Rows(y), accumulate: false, shape, device.Stream);
        device.Synchronize();
        ProductKernel kernel = ProductKernel.For(layout.Type, ElementType.BF16, shape);
        using KernelCompiler compiler = new();
        KernelStatistics done = driver.Statistics[KernelCompiler.EntryOf(kernel.Kernel.Method)];
        return new ProductCount(
            layout.Type,
            shape,
            layout.Rows,
            layout.Columns,
            tokens,
            new PtxLint().Check(compiler.Compile(kernel.Kernel.Method)).Registers,
            kernel.SharedBytes,
            done.Blocks,
            done.Instructions,
            layout.WeightBytes + layout.ScaleBytes,
            done.GlobalBytesRead,
            done.SharedBytesRead + done.SharedBytesWritten,
            done.TensorProducts);
    }

    private static DeviceRows Rows(IActivation rows) => new(((CudaActivation)rows).Address, ((CudaActivation)rows).Stride, rows.Type);

    private static void Print(ProductCount count) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{count.Weights,-8} {count.Shape,-8} {count.Tokens,6} {count.Registers,10} {count.SharedBytes,18} {count.Instructions,13} {count.WeightBytesPerInstruction,25:F1} " +
        $"{count.InstructionsPerTensorProduct,17:F2} {count.SharedTrafficPerTensorProduct,17:F1} {(double)count.BytesRead / count.WeightBytes,23:F2}"));
}
