using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// Device memory that is written for each step, and the pinned memory from which it is uploaded. It does not know what it contains. Not thread-safe.
/// </summary>
internal sealed unsafe class StepMemory : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly nint _uploaded;
    private nint _pinned;

    /// <summary>Allocates the memory.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="capacity">Its bytes.</param>
    public StepMemory(ICudaDriver driver, long capacity)
    {
        _driver = driver;
        _uploaded = driver.CreateEvent();
        try
        {
            Allocate(capacity);
        }
        catch
        {
            driver.DestroyEvent(_uploaded);
            throw;
        }
    }

    /// <summary>Address in device memory.</summary>
    public ulong Address { get; private set; }

    /// <summary>Bytes of the memory.</summary>
    public long Capacity { get; private set; }

    /// <summary>
    /// Replaces the memory by at least twice as much if it has less than <paramref name="bytes"/>: its address changes. The earlier work of the stream still
    /// finds the old content. If that fails, nothing changes.
    /// </summary>
    public void Reserve(long bytes)
    {
        if (bytes > Capacity)
        {
            (ulong address, nint pinned) = (Address, _pinned);
            _driver.WaitFor(_uploaded);
            Allocate(Math.Max(bytes, 2 * Capacity));
            _driver.FreePinned(pinned);
            _driver.Free(address);
        }
    }

    /// <summary>The content to upload. It stays until it is overwritten, and must not change between an upload and <see cref="Wait"/>.</summary>
    public Span<byte> Content => new((void*)_pinned, checked((int)Capacity));

    /// <summary>Waits until the last upload is done.</summary>
    public void Wait() => _driver.WaitFor(_uploaded);

    /// <summary>Uploads a part of <see cref="Content"/>. The earlier work of the stream still finds the old content.</summary>
    /// <param name="offset">Offset of its first byte.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="stream">The stream.</param>
    public void UploadAsync(long offset, long bytes, nint stream)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Capacity - offset);
        _driver.CopyToDeviceAsync(Address + (ulong)offset, _pinned + (nint)offset, bytes, stream);
        _driver.Record(_uploaded, stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.WaitFor(_uploaded);
        _driver.DestroyEvent(_uploaded);
        _driver.FreePinned(_pinned);
        _driver.Free(Address);
    }

    private void Allocate(long capacity)
    {
        ulong address = _driver.Allocate(capacity);
        try
        {
            _pinned = _driver.AllocatePinned(capacity);
        }
        catch
        {
            _driver.Free(address);
            throw;
        }

        (Address, Capacity) = (address, capacity);
    }
}
