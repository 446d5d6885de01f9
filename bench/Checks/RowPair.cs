using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>A buffer of rows on the CPU and one of the same shape on the GPU.</summary>
internal sealed class RowPair : IDisposable
{
    /// <summary>Creates buffers of zeros.</summary>
    public RowPair(DevicePair devices, int rows, int columns, ElementType type)
    {
        Cpu = devices.Cpu.CreateActivation(rows, columns, type);
        try
        {
            Gpu = devices.Gpu.CreateActivation(rows, columns, type);
        }
        catch
        {
            Cpu.Dispose();
            throw;
        }
    }

    /// <summary>The CPU's rows.</summary>
    public IActivation Cpu { get; }

    /// <summary>The GPU's rows.</summary>
    public IActivation Gpu { get; }

    /// <summary>Writes the first rows of both buffers, rounded to their type.</summary>
    public void Write(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * Cpu.Type.Size()];
        Conversion.FromSingles(values, Cpu.Type, bytes);
        int rows = values.Length / Cpu.Columns;
        Cpu.CopyIn(0, rows, bytes);
        Gpu.CopyIn(0, rows, bytes);
    }

    /// <summary>The first rows of a buffer as float32.</summary>
    public static float[] Read(IActivation buffer, int rows)
    {
        byte[] bytes = new byte[rows * buffer.RowLength];
        buffer.CopyOut(0, rows, bytes);
        float[] values = new float[rows * buffer.Columns];
        Conversion.ToSingles(bytes, buffer.Type, values);
        return values;
    }

    /// <summary>The first rows of the CPU.</summary>
    public float[] ReadCpu(int rows) => Read(Cpu, rows);

    /// <summary>The first rows of the GPU.</summary>
    public float[] ReadGpu(int rows) => Read(Gpu, rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        Cpu.Dispose();
        Gpu.Dispose();
    }
}
