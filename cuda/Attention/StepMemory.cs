using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// Device memory that is written anew for each step, and the pinned memory from which it is uploaded. It does not know what it contains. Not thread-safe.
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

    /// <summary>Waits until the last upload is done, and returns memory for the content of the next.</summary>
    /// <param name="bytes">Its bytes, at most <see cref="Capacity"/>.</param>
    public Span<byte> Begin(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Capacity);
        _driver.WaitFor(_uploaded);
        return new Span<byte>((void*)_pinned, checked((int)bytes));
    }

    /// <summary>Uploads what was written to the memory of <see cref="Begin"/>. The earlier work of the stream still finds the old content.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="stream">The stream.</param>
    public void UploadAsync(long bytes, nint stream)
    {
        _driver.CopyToDeviceAsync(Address, _pinned, bytes, stream);
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
