using System.Collections.Concurrent;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Memory;

/// <summary>
/// Uploads bytes to a device through a few buffers of pinned host memory: while the device copies one, the caller fills the next. Thread-safe; uploads
/// at the same time share the buffers. It does not know where the bytes come from.
/// </summary>
public sealed class StagingBuffers : IDisposable
{
    /// <summary>Enough buffers to keep the device copying while others are filled.</summary>
    public const int DefaultCount = 4;

    /// <summary>Large enough that what a copy costs besides its bytes does not show.</summary>
    public const int DefaultBytes = 16 * 1024 * 1024;

    private readonly ICudaDriver _driver;
    private readonly nint _stream;
    private readonly List<Buffer> _all = [];
    private readonly ConcurrentQueue<Buffer> _unused = new();
    private readonly SemaphoreSlim _count = new(0);
    private readonly int _bytes;

    /// <summary>Allocates the buffers.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="count">Number of buffers; 2 at least, so that filling and copying can overlap.</param>
    /// <param name="bytes">Bytes of each.</param>
    /// <exception cref="CudaException">The host cannot give the memory.</exception>
    public StagingBuffers(ICudaDriver driver, int count = DefaultCount, int bytes = DefaultBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _driver = driver;
        _bytes = bytes;
        _stream = driver.CreateStream();
        try
        {
            for (int i = 0; i < count; i++)
            {
                Buffer buffer = new(driver.AllocatePinned(bytes));
                _all.Add(buffer);
                buffer.Copied = driver.CreateEvent();
                Return(buffer);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Copies bytes to device memory, and returns when they are there.</summary>
    /// <param name="target">Address in device memory.</param>
    /// <param name="bytes">Number of bytes.</param>
    /// <param name="fill">Called on the calling thread for each part of the upload, in ascending order.</param>
    /// <param name="cancellationToken">Ends the upload before its next part. No copy is running when the method throws.</param>
    /// <param name="unit">Every part but the last has a multiple of so many bytes.</param>
    public void Upload(ulong target, long bytes, FillStaging fill, CancellationToken cancellationToken = default, long unit = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unit, _bytes);
        int most = (int)(_bytes / unit * unit);
        nint done = _driver.CreateEvent();
        try
        {
            for (long offset = 0; offset < bytes; offset += most)
            {
                Send(target, offset, (int)Math.Min(most, bytes - offset), fill, cancellationToken);
            }
        }
        finally
        {
            _driver.Record(done, _stream);
            _driver.WaitFor(done);
            _driver.DestroyEvent(done);
        }
    }

    /// <summary>Frees the buffers. No upload may be running.</summary>
    public void Dispose()
    {
        foreach (Buffer buffer in _all)
        {
            if (buffer.Copied != 0)
            {
                _driver.DestroyEvent(buffer.Copied);
            }

            _driver.FreePinned(buffer.Memory);
        }

        _all.Clear();
        _driver.DestroyStream(_stream);
        _count.Dispose();
    }

    private unsafe void Send(ulong target, long offset, int bytes, FillStaging fill, CancellationToken cancellationToken)
    {
        _count.Wait(cancellationToken);
        // The buffer that was returned first: its copy is the most likely to be done.
        _ = _unused.TryDequeue(out Buffer? buffer);
        try
        {
            _driver.WaitFor(buffer!.Copied);
            fill(offset, new Span<byte>((void*)buffer.Memory, bytes));
            _driver.CopyToDeviceAsync(target + (ulong)offset, buffer.Memory, bytes, _stream);
            _driver.Record(buffer.Copied, _stream);
        }
        finally
        {
            Return(buffer!);
        }
    }

    private void Return(Buffer buffer)
    {
        _unused.Enqueue(buffer);
        _count.Release();
    }

    private sealed class Buffer(nint memory)
    {
        /// <summary>Pinned memory.</summary>
        public nint Memory { get; } = memory;

        /// <summary>An event that is done when the latest copy from the memory is; 0 until it is created.</summary>
        public nint Copied { get; set; }
    }
}
