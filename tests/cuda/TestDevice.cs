using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>A device that executes PTX on the CPU. The tests that share it compile each kernel once and leave nothing allocated.</summary>
public abstract unsafe class TestDevice : IDisposable
{
    private readonly KernelCompiler _compiler = new();
    private readonly List<ulong> _allocations = [];

    private protected TestDevice()
    {
        Stream = Driver.CreateStream();
        Loader = new KernelLoader(Driver, _compiler);
    }

    internal PtxDriver Driver { get; } = new();

    internal KernelLoader Loader { get; }

    internal nint Stream { get; }

    public void Dispose()
    {
        Release();
        FreeAll();
        Driver.DestroyStream(Stream);
        Driver.Dispose();
        _compiler.Dispose();
        GC.SuppressFinalize(this);
        Assert.Empty(Driver.Leaks);
    }

    /// <summary>Uploads values to memory that <see cref="FreeAll"/> frees.</summary>
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

    /// <summary>Waits for the stream and downloads values.</summary>
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

    /// <summary>Frees what was uploaded, so that tests that share the device do not fill it.</summary>
    internal void FreeAll()
    {
        _allocations.ForEach(Driver.Free);
        _allocations.Clear();
    }

    /// <summary>Releases what a device has for its tests.</summary>
    private protected virtual void Release()
    {
    }
}
