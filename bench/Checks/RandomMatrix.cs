using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>
/// Random weights on both devices. The CPU has the values that the GPU's codes mean, as float32, because products of quantised weights on the CPU also
/// quantise the activations. On the CPU a pair of gate and up is two matrices in one, without the epilogue.
/// </summary>
internal sealed class RandomMatrix : IDisposable
{
    private readonly DisposableStack _owned = new();

    /// <summary>Packs the weights.</summary>
    public RandomMatrix(DevicePair devices, int rows, int columns, ElementType type, bool paired, int seed)
    {
        Type = type;
        float[] values = DevicePair.RandomValues(rows * columns, seed);
        try
        {
            Cpu = PackCpu(devices, values, rows, columns);
            Gpu = PackGpu(devices, values, rows, columns, paired);
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>Type of the GPU's weights.</summary>
    public ElementType Type { get; }

    /// <summary>The CPU's matrix, in float32.</summary>
    public IMatrix Cpu { get; }

    /// <summary>The GPU's matrix.</summary>
    public IMatrix Gpu { get; }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    // The values that the GPU's codes mean.
    private PackedMatrix PackCpu(DevicePair devices, float[] values, int rows, int columns)
    {
        NativeBuffer storage = _owned.Add(new NativeBuffer(PackedMatrix.SizeOf(rows, columns, ElementType.F32)));
        PackedMatrix packed = new(rows, columns, ElementType.F32, storage, 0, devices.Kernels);
        using MatrixPacker packer = new(devices.Kernels.Isa);
        switch (Type)
        {
            case ElementType.F32:
                Pinned(values, address => packer.Pack(devices.Pool, packed, [Rows(address, rows, columns, Type)]));
                break;
            case ElementType.BF16:
                Pinned(
                    Array.ConvertAll(values, Conversion.ToBf16), address => packer.Pack(devices.Pool, packed, [Rows(address, rows, columns, Type)]));
                break;
            default:
                int codeBytes = WeightQuantizer.CodeBytes(Type, columns), scaleBytes = WeightQuantizer.ScaleBytes(Type, columns);
                byte[] codes = new byte[rows * codeBytes], scales = new byte[rows * scaleBytes];
                WeightQuantizer.Quantize(Type, MemoryMarshal.AsBytes<float>(values), ElementType.F32, columns, codes, scales);
                if (Type == ElementType.I4)
                {
                    Pinned(Int4Values(codes, scales, rows, columns), address => packer.Pack(devices.Pool, packed, [Rows(address, rows, columns, ElementType.F32)]));
                    break;
                }

                Pinned(codes, address => Pinned(scales, scale => packer.Pack(
                    devices.Pool,
                    packed,
                    [new SourceRows(address, codeBytes, rows, Type) { Scales = new SourceScales(scale, scaleBytes, ElementType.F32) }])));
                break;
        }

        return packed;
    }

    private IMatrix PackGpu(DevicePair devices, float[] values, int rows, int columns, bool paired)
    {
        IMatrixLoader loader = devices.Gpu.Loader;
        IDeviceMemory memory = _owned.Add(loader.Allocate(loader.SizeOf(rows, columns, Type, paired)));
        IMatrix? loaded = null;
        Pinned(values, address => loaded = loader.Load(
            memory,
            0,
            new MatrixSource(rows, columns, Type, [Rows(address, rows, columns, ElementType.F32)], 0, paired),
            devices.Pool,
            CancellationToken.None));
        return loaded!;
    }

    private static SourceRows Rows(nint address, int rows, int columns, ElementType type) => new(address, (long)columns * type.Size(), rows, type);

    private static void Pinned<T>(T[] values, Action<nint> use)
        where T : unmanaged
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

    // The packer reads 4-bit rows only into 4-bit matrices.
    private static float[] Int4Values(byte[] codes, byte[] scales, int rows, int columns)
    {
        int codeBytes = codes.Length / rows, scaleBytes = scales.Length / rows;
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, columns);
            int code = ((codes[(row * codeBytes) + (column / 2)] >> (column % 2 * 4)) & 0xF) - 8;
            values[i] = code * (float)MemoryMarshal.Cast<byte, Half>(scales.AsSpan(row * scaleBytes, scaleBytes))[column / 32];
        }

        return values;
    }
}
