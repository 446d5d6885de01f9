using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>A GPU and the CPU that it is compared with.</summary>
internal sealed class DevicePair : IDisposable
{
    /// <summary>Prepares the CPU.</summary>
    /// <param name="gpu">The GPU. It is disposed with the pair.</param>
    public DevicePair(CudaComputeDevice gpu)
    {
        Gpu = gpu;
        Pool = new WorkerPool(Environment.ProcessorCount, pin: false);
        Kernels = PanelKernels.For(InstructionSets.Choose());
        Cpu = new CpuDevice(Pool, Kernels);
    }

    /// <summary>The GPU.</summary>
    public CudaComputeDevice Gpu { get; }

    /// <summary>The CPU.</summary>
    public CpuDevice Cpu { get; }

    /// <summary>The CPU's workers.</summary>
    public WorkerPool Pool { get; }

    /// <summary>The CPU's kernels.</summary>
    public PanelKernels Kernels { get; }

    /// <summary>Creates the same rows on both devices.</summary>
    public RowPair Rows(int rows, int columns, ElementType type) => new(this, rows, columns, type);

    /// <summary>Creates the same random rows, between -1 and 1, on both devices.</summary>
    public RowPair Random(int rows, int columns, ElementType type, int seed)
    {
        RowPair pair = Rows(rows, columns, type);
        pair.Write(RandomValues(rows * columns, seed));
        return pair;
    }

    /// <summary>Random values between -1 and 1.</summary>
    public static float[] RandomValues(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (random.NextSingle() * 2) - 1;
        }

        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Gpu.Dispose();
        Cpu.Dispose();
        Pool.Dispose();
    }
}
