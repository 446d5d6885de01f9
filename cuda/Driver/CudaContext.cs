using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Cuda.Driver;

/// <summary>
/// The primary context of a device, made current on each thread that calls the driver. It knows which errors lose it: after one of them every entry is
/// refused.
/// </summary>
internal sealed unsafe class CudaContext : IDisposable
{
    private static long _lastId;

    // The context that is current on this thread; 0 if none. A number, so that threads do not keep contexts alive. Asking it costs less than the driver.
    [ThreadStatic]
    private static long _currentId;

    private readonly long _id = Interlocked.Increment(ref _lastId);
    private readonly CudaLibrary _library;
    private readonly int _device;
    private readonly nint _handle;
    private volatile string? _failure;
    private bool _disposed;

    /// <summary>Creates the context, or shares it with the rest of the process.</summary>
    /// <param name="library">The driver.</param>
    /// <param name="ordinal">Number of the device.</param>
    /// <exception cref="CudaException">The device is not available, for example because another process has it for itself.</exception>
    public CudaContext(CudaLibrary library, int ordinal)
    {
        _library = library;
        Name = CudaDevices.NameOf(ordinal);
        int device;
        library.Check(library.DeviceGet(&device, ordinal), $"{Name} does not exist");
        _device = device;
        nint handle;
        library.Check(library.DevicePrimaryCtxRetain(&handle, device), $"{Name} is not available");
        _handle = handle;
    }

    /// <summary>Name of the device, such as cuda:0.</summary>
    public string Name { get; }

    /// <summary>Why the context is lost; null if it is not.</summary>
    public string? Failure => _failure;

    /// <summary>Memory of the device that is free.</summary>
    public long FreeBytes()
    {
        Enter();
        nuint free, total;
        Check(_library.MemGetInfo(&free, &total));
        return (long)free;
    }

    /// <summary>Makes the context current on the calling thread.</summary>
    /// <exception cref="CudaException">The context is lost.</exception>
    public void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!TryEnter())
        {
            throw new CudaException(_failure!);
        }
    }

    /// <summary>Makes the context current on the calling thread, unless it is lost or disposed.</summary>
    public bool TryEnter()
    {
        if (_failure is not null || _disposed)
        {
            return false;
        }

        if (_currentId != _id)
        {
            Check(_library.CtxSetCurrent(_handle));
            _currentId = _id;
        }

        return true;
    }

    /// <summary>Throws if a call failed, and remembers errors that lose the context.</summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="operation">What was attempted.</param>
    /// <param name="details">What else is known of the failure, if anything.</param>
    public void Check(int result, [CallerMemberName] string operation = "", string details = "")
    {
        if (result == CudaResult.Success)
        {
            return;
        }

        string message = $"{Name}: {operation} failed: {_library.Describe(result)}.{(details.Length > 0 ? " " : "")}{details}";
        if (CudaResult.IsSticky(result))
        {
            // The first error is the cause, later ones are consequences.
            _failure ??= $"{message} The process cannot use the device any more and must be restarted.";
            throw new CudaException(_failure);
        }

        throw new CudaException(message);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            // The result says nothing that could be acted upon: the context may be lost.
            _ = _library.DevicePrimaryCtxRelease(_device);
        }
    }
}
