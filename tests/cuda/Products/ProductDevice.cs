using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Ptx.Driver;

namespace HunyuanOrleans.Cuda.Tests.Products;

/// <summary>A device that executes PTX on the CPU, with what products need.</summary>
public sealed unsafe class ProductDevice : IDisposable
{
    private readonly KernelCompiler _compiler = new();
    private readonly List<ulong> _allocations = [];

    public ProductDevice()
    {
        Driver = new PtxDriver();
        Stream = Driver.CreateStream();
        Loader = new KernelLoader(Driver, _compiler);
        Launcher = new ProductLauncher(Driver, Loader);
    }

    internal PtxDriver Driver { get; }

    internal KernelLoader Loader { get; }

    internal ProductLauncher Launcher { get; }

    internal nint Stream { get; }

    public void Dispose()
    {
        Driver.DestroyStream(Stream);
        Driver.Dispose();
        _compiler.Dispose();
    }

    internal ulong Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        ulong address = Driver.Allocate(bytes.Length);
        _allocations.Add(address);
        nint pinned = Driver.AllocatePinned(bytes.Length);
        bytes.CopyTo(new Span<byte>((void*)pinned, bytes.Length));
        Driver.CopyToDeviceAsync(address, pinned, bytes.Length, Stream);
        Driver.Synchronize(Stream);
        Driver.FreePinned(pinned);
        return address;
    }

    internal T[] Download<T>(ulong address, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        nint pinned = Driver.AllocatePinned(bytes.Length);
        Driver.CopyToHostAsync(pinned, address, bytes.Length, Stream);
        Driver.Synchronize(Stream);
        new Span<byte>((void*)pinned, bytes.Length).CopyTo(bytes);
        Driver.FreePinned(pinned);
        return values;
    }

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

    /// <summary>Frees what was uploaded, so that tests that share the device do not fill it.</summary>
    internal void FreeAll()
    {
        _allocations.ForEach(Driver.Free);
        _allocations.Clear();
    }
}
