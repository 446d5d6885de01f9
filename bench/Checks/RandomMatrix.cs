using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>
/// Random weights on both devices. The CPU has the values that the GPU's codes mean, as float32, because products of quantised weights on the CPU also
/// quantise the activations. On the CPU a pair of gate and up is two matrices in one, without the epilogue.
/// </summary>
internal sealed class RandomMatrix : IDisposable
{
    private readonly NativeBuffer _storage;
    private readonly IDeviceMemory _memory;

    /// <summary>Packs the weights.</summary>
    public RandomMatrix(DevicePair devices, int rows, int columns, ElementType type, bool paired, int seed)
    {
        Type = type;
        float[] values = DevicePair.RandomValues(rows * columns, seed);
        _storage = new NativeBuffer(PackedMatrix.SizeOf(rows, columns, ElementType.F32));
        PackedMatrix packed = new(rows, columns, ElementType.F32, _storage, 0, devices.Kernels);
        Pinned(Decoded(type, values, columns), address =>
        {
            using MatrixPacker packer = new(devices.Kernels.Isa);
            packer.Pack(devices.Pool, packed, [new SourceRows(address, columns * sizeof(float), rows, ElementType.F32)]);
        });
        Cpu = packed;

        IMatrixLoader loader = devices.Gpu.Loader;
        _memory = loader.Allocate(loader.SizeOf(rows, columns, type, paired));
        IMatrix? loaded = null;
        Pinned(values, address => loaded = loader.Load(
            _memory,
            0,
            new MatrixSource(rows, columns, type, [new SourceRows(address, columns * sizeof(float), rows, ElementType.F32)], 0, paired),
            devices.Pool,
            CancellationToken.None));
        Gpu = loaded!;
    }

    /// <summary>Type of the GPU's weights.</summary>
    public ElementType Type { get; }

    /// <summary>The CPU's matrix, in float32.</summary>
    public IMatrix Cpu { get; }

    /// <summary>The GPU's matrix.</summary>
    public IMatrix Gpu { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _storage.Dispose();
    }

    private static void Pinned(float[] values, Action<nint> use)
    {
        GCHandle handle = GCHandle.Alloc(values, GCHandleType.Pinned);
        try
        {
            use(handle.AddrOfPinnedObject());
        }
        finally
        {
            handle.Free();
        }
    }

    private static float[] Decoded(ElementType type, float[] values, int columns)
    {
        if (type == ElementType.F32)
        {
            return values;
        }

        return type == ElementType.BF16
            ? Array.ConvertAll(values, static value => Conversion.ToSingle(Conversion.ToBf16(value)))
            : Dequantized(type, values, columns);
    }

    private static float[] Dequantized(ElementType type, float[] values, int columns)
    {
        int rows = values.Length / columns;
        int codeBytes = WeightQuantizer.CodeBytes(type, columns), scaleBytes = WeightQuantizer.ScaleBytes(type, columns);
        byte[] codes = new byte[rows * codeBytes], scales = new byte[rows * scaleBytes];
        WeightQuantizer.Quantize(type, MemoryMarshal.AsBytes<float>(values), ElementType.F32, columns, codes, scales);
        float[] decoded = new float[values.Length];
        Parallel.For(0, rows, row =>
        {
            ReadOnlySpan<byte> own = codes.AsSpan(row * codeBytes, codeBytes), scale = scales.AsSpan(row * scaleBytes, scaleBytes);
            for (int column = 0; column < columns; column++)
            {
                decoded[(row * columns) + column] = type switch
                {
                    ElementType.I4 => (((own[column / 2] >> (column % 2 * 4)) & 0xF) - 8) * (float)MemoryMarshal.Cast<byte, Half>(scale)[column / 32],
                    ElementType.I8 => (sbyte)own[column] * MemoryMarshal.Read<float>(scale),
                    _ => E4M3.ToSingle(own[column]) * MemoryMarshal.Read<float>(scale),
                };
            }
        });
        return decoded;
    }
}
