using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>Fills device memory with random values that are finite and small, without copying anything from the host.</summary>
internal static class DeviceFill
{
    // Signs and mantissas are random. bf16 and float32 values have a magnitude between 2^-7 and 2^-6.
    private const uint Bf16Random = 0x807F807F;
    private const uint Bf16Exponent = 0x3C003C00;
    private const uint Float32Random = 0x807FFFFF;
    private const uint Float32Exponent = 0x3C000000;

    // e4m3 codes below 2, without NaN.
    private const uint E4M3Random = 0xBFBFBFBF;

    // 2^-10 as float32 and twice as float16.
    private const uint Float32Scale = 0x3A800000;
    private const uint Float16Scales = 0x14001400;

    private const int Blocks = 4096;

    /// <summary>Fills memory with random bf16 values.</summary>
    public static void Random(CudaComputeDevice device, ulong address, long bytes, int seed) => Fill(device, address, bytes, Bf16Random, Bf16Exponent, seed);

    /// <summary>Fills a matrix with random weights of its type, and scales.</summary>
    public static void Matrix(CudaComputeDevice device, ulong address, in CudaMatrixLayout layout, int seed)
    {
        (uint random, uint ones) = layout.Type switch
        {
            ElementType.BF16 => (Bf16Random, Bf16Exponent),
            ElementType.F32 => (Float32Random, Float32Exponent),
            ElementType.F8E4M3 => (E4M3Random, 0u),
            _ => (uint.MaxValue, 0u),
        };
        Fill(device, address, layout.ScaleOffset, random, ones, seed);
        if (layout.ScaleBytes > 0)
        {
            uint scale = layout.Type == ElementType.I4 ? Float16Scales : Float32Scale;
            Fill(device, address + (ulong)layout.ScaleOffset, layout.ByteLength - layout.ScaleOffset, 0, scale, seed);
        }
    }

    private static void Fill(CudaComputeDevice device, ulong address, long bytes, uint random, uint ones, int seed)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(address);
        arguments.Add(address + (ulong)bytes);
        arguments.Add((int)random);
        arguments.Add((int)ones);
        arguments.Add(seed);
        int blocks = (int)Math.Min(Blocks, (bytes / 4096) + 1);
        new CudaFunction(device.Driver, device.Kernels, LimitKernels.Fill).LaunchAsync(new CudaGrid(blocks), device.Stream, arguments);
    }
}
