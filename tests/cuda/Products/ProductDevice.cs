using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Tests.Products;

/// <summary>A device with what the tests of products need.</summary>
public sealed class ProductDevice : TestDevice
{
    public ProductDevice() => Launcher = new ProductLauncher(Driver, Loader);

    internal ProductLauncher Launcher { get; }

    internal DeviceMatrix Upload(ProductMatrix matrix) => DeviceMatrix.At(matrix.Layout, Upload<byte>(matrix.Pack()));

    /// <summary>Uploads activations, rounded to their type, in rows whose stride is a multiple of 64 bytes.</summary>
    internal DeviceRows Upload(float[] values, int columns, ElementType type)
    {
        int stride = ((columns * type.Size()) + 63) / 64 * 64;
        byte[] bytes = new byte[values.Length / columns * stride];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> to = bytes.AsSpan((i / columns * stride) + (i % columns * type.Size()));
            if (type == ElementType.F32)
            {
                MemoryMarshal.Write(to, values[i]);
            }
            else
            {
                MemoryMarshal.Write(to, Bf16.FromSingle(values[i]));
            }
        }

        return new DeviceRows(Upload<byte>(bytes), stride, type);
    }
}
