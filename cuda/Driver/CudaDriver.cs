namespace HunyuanOrleans.Cuda.Driver;

/// <summary>CUDA's driver for one device. An error that loses the device's context makes every later call fail with the same message.</summary>
public sealed unsafe class CudaDriver : ICudaDriver
{
    // Flags and marks as cuda.h numbers them.
    private const uint BlockingSyncEvent = 1;
    private const nint LaunchBufferPointer = 1;
    private const nint LaunchBufferSize = 2;
    private const nint LaunchEnd = 0;

    private readonly CudaLibrary _library;
    private readonly CudaContext _context;
    private readonly CudaModules _modules;
    private readonly CudaStreams _streams;
    private bool _disposed;

    private CudaDriver(CudaLibrary library, CudaDeviceInfo device, CudaContext context)
    {
        _library = library;
        _context = context;
        _modules = new CudaModules(library, context, device.SharedBytesPerBlock);
        _streams = new CudaStreams(library, context);
        Device = device with { FreeBytes = context.FreeBytes() };
    }

    /// <inheritdoc/>
    public CudaDeviceInfo Device { get; }

    /// <inheritdoc/>
    public string? Failure => _context.Failure;

    /// <summary>Opens a device. Drivers of the same device share its context.</summary>
    /// <param name="ordinal">Number of the device, from 0.</param>
    /// <exception cref="CudaException">There is no driver or no such device, or one of them is too old or not available.</exception>
    public static CudaDriver Open(int ordinal) => Open(ordinal, null);

    /// <summary>Opens a device of a driver.</summary>
    /// <param name="ordinal">Number of the device, from 0.</param>
    /// <param name="path">The driver's library; null for that of the system.</param>
    internal static CudaDriver Open(int ordinal, string? path)
    {
        CudaLibrary library = CudaLibrary.Load(path);
        CudaDeviceInfo device = DeviceQuery.Read(library, ordinal);
        if (DeviceQuery.ProblemOf(device) is { } problem)
        {
            throw new CudaException(problem);
        }

        CudaContext context = new(library, ordinal);
        try
        {
            return new CudaDriver(library, device, context);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ulong Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _context.Enter();
        ulong address;
        int result = _library.MemAlloc(&address, (nuint)bytes);
        if (result == CudaResult.OutOfMemory)
        {
            throw new CudaException(
                $"{_context.Name} ({Device.Name}) has not enough memory: {bytes:N0} bytes are needed, {_context.FreeBytes():N0} of {Device.MemoryBytes:N0} are free.");
        }

        _context.Check(result);
        return address;
    }

    /// <inheritdoc/>
    public void Free(ulong address)
    {
        if (_context.TryEnter())
        {
            // cuMemFree may wait by itself, but does not promise to.
            _streams.WaitForAll();
            _context.Check(_library.MemFree(address));
        }
    }

    /// <inheritdoc/>
    public nint AllocatePinned(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _context.Enter();
        nint memory;
        int result = _library.MemAllocHost(&memory, (nuint)bytes);
        if (result == CudaResult.OutOfMemory)
        {
            throw new CudaException($"{_context.Name}: the host cannot give {bytes:N0} bytes of pinned memory.");
        }

        _context.Check(result);
        return memory;
    }

    /// <inheritdoc/>
    public void FreePinned(nint memory)
    {
        if (_context.TryEnter())
        {
            _context.Check(_library.MemFreeHost(memory));
        }
    }

    /// <inheritdoc/>
    public void CopyToDeviceAsync(ulong target, nint source, long bytes, nint stream)
    {
        if (IsWork(bytes))
        {
            _context.Check(_library.MemcpyHtoDAsync(target, source, (nuint)bytes, stream));
        }
    }

    /// <inheritdoc/>
    public void CopyToHostAsync(nint target, ulong source, long bytes, nint stream)
    {
        if (IsWork(bytes))
        {
            _context.Check(_library.MemcpyDtoHAsync(target, source, (nuint)bytes, stream));
        }
    }

    /// <inheritdoc/>
    public void CopyAsync(ulong target, ulong source, long bytes, nint stream)
    {
        if (IsWork(bytes))
        {
            _context.Check(_library.MemcpyDtoDAsync(target, source, (nuint)bytes, stream));
        }
    }

    /// <inheritdoc/>
    public void ClearAsync(ulong target, long bytes, nint stream)
    {
        if (IsWork(bytes))
        {
            _context.Check(_library.MemsetD8Async(target, 0, (nuint)bytes, stream));
        }
    }

    /// <inheritdoc/>
    public nint CreateStream()
    {
        _context.Enter();
        return _streams.Create();
    }

    /// <inheritdoc/>
    public void DestroyStream(nint stream)
    {
        if (_context.TryEnter())
        {
            _streams.Destroy(stream);
        }
    }

    /// <inheritdoc/>
    public void Synchronize(nint stream)
    {
        _context.Enter();
        _context.Check(_library.StreamSynchronize(stream));
    }

    /// <inheritdoc/>
    public nint CreateEvent()
    {
        _context.Enter();
        nint handle;
        // A thread that waits for an event sleeps, because it waits for copies. A thread that waits for a stream may spin, because it waits for a step.
        _context.Check(_library.EventCreate(&handle, BlockingSyncEvent));
        return handle;
    }

    /// <inheritdoc/>
    public void DestroyEvent(nint handle)
    {
        if (_context.TryEnter())
        {
            _context.Check(_library.EventDestroy(handle));
        }
    }

    /// <inheritdoc/>
    public void Record(nint handle, nint stream)
    {
        _context.Enter();
        _context.Check(_library.EventRecord(handle, stream));
    }

    /// <inheritdoc/>
    public void WaitFor(nint handle, nint stream)
    {
        _context.Enter();
        _streams.WaitFor(handle, stream);
    }

    /// <inheritdoc/>
    public void WaitFor(nint handle)
    {
        _context.Enter();
        _context.Check(_library.EventSynchronize(handle));
    }

    /// <inheritdoc/>
    public float Elapsed(nint from, nint to)
    {
        _context.Enter();
        float milliseconds;
        _context.Check(_library.EventElapsedTime(&milliseconds, from, to));
        return milliseconds;
    }

    /// <inheritdoc/>
    public nint Load(string ptx, string entry, int sharedBytes)
    {
        _context.Enter();
        return _modules.Load(ptx, entry, sharedBytes);
    }

    /// <inheritdoc/>
    public void LaunchAsync(nint function, CudaGrid grid, int threads, int sharedBytes, nint stream, ReadOnlySpan<byte> arguments)
    {
        _context.Enter();
        if (grid.X == 0 || grid.Y == 0 || grid.Z == 0)
        {
            return;
        }

        fixed (byte* buffer = arguments)
        {
            nuint size = (nuint)arguments.Length;
            nint* extra = stackalloc nint[] { LaunchBufferPointer, (nint)buffer, LaunchBufferSize, (nint)(&size), LaunchEnd };
            _context.Check(_library.LaunchKernel(
                function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)threads, 1, 1, (uint)sharedBytes, stream, null, arguments.IsEmpty ? null : extra));
        }
    }

    /// <inheritdoc/>
    public void BeginCapture(nint stream)
    {
        _context.Enter();
        _streams.BeginCapture(stream);
    }

    /// <inheritdoc/>
    public nint EndCapture(nint stream)
    {
        _context.Enter();
        nint graph, executable;
        _context.Check(_library.StreamEndCapture(stream, &graph));
        int result = _library.GraphInstantiateWithFlags(&executable, graph, 0);
        _context.Check(_library.GraphDestroy(graph));
        _context.Check(result);
        return executable;
    }

    /// <inheritdoc/>
    public void AbandonCapture(nint stream)
    {
        if (_context.TryEnter())
        {
            // A recording that something disturbed gives an error and no graph, which is as good.
            nint graph = 0;
            _ = _library.StreamEndCapture(stream, &graph);
            if (graph != 0)
            {
                _ = _library.GraphDestroy(graph);
            }
        }
    }

    /// <inheritdoc/>
    public void LaunchGraphAsync(nint graph, nint stream)
    {
        _context.Enter();
        _context.Check(_library.GraphLaunch(graph, stream));
    }

    /// <inheritdoc/>
    public void DestroyGraph(nint graph)
    {
        if (_context.TryEnter())
        {
            _context.Check(_library.GraphExecDestroy(graph));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            if (_context.TryEnter())
            {
                _modules.Unload();
            }
        }
        finally
        {
            _context.Dispose();
        }
    }

    private bool IsWork(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _context.Enter();
        return bytes > 0;
    }
}
