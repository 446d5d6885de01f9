using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Cuda.Memory;

/// <summary>
/// Copies rows between ordinary host memory and device memory through pinned memory, of which one half is filled or emptied while the other is copied.
/// Copies run in the order of the stream. Thread-safe.
/// </summary>
internal sealed unsafe class RowStaging : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly nint _stream;
    private readonly nint _memory;
    private readonly nint[] _copied;
    private readonly Lock _gate = new();
    private int _half;
    private bool _disposed;

    /// <summary>Allocates the pinned memory.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="stream">The stream of all copies.</param>
    /// <param name="halfBytes">Bytes of each half.</param>
    public RowStaging(ICudaDriver driver, nint stream, int halfBytes = 4 << 20)
    {
        (_driver, _stream, HalfBytes) = (driver, stream, halfBytes);
        _memory = driver.AllocatePinned(2L * halfBytes);
        _copied = new nint[2];
        try
        {
            _copied[0] = driver.CreateEvent();
            _copied[1] = driver.CreateEvent();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The longest row, with its padding, that can be copied.</summary>
    public int HalfBytes { get; }

    /// <summary>
    /// Held by a thread that submits copies to the stream. Threads that load weights do so while another computes. Work that they submit while that thread
    /// records the stream would become a part of the recording, so that thread holds it too.
    /// </summary>
    public Lock StreamGate => _gate;

    /// <summary>Clears device memory. It does not wait.</summary>
    /// <param name="target">Its address.</param>
    /// <param name="bytes">Its bytes.</param>
    public void Clear(ulong target, long bytes)
    {
        lock (_gate)
        {
            _driver.ClearAsync(target, bytes, _stream);
        }
    }

    /// <summary>Copies dense rows to the device. The source may change as soon as it returns.</summary>
    /// <param name="target">Address of the first row.</param>
    /// <param name="source">The rows, one after the other.</param>
    /// <param name="rowLength">Bytes of a row.</param>
    /// <param name="stride">Bytes from row to row on the device; those after a row become zero.</param>
    public void CopyIn(ulong target, ReadOnlySpan<byte> source, int rowLength, int stride)
    {
        lock (_gate)
        {
            int rows = source.Length / rowLength;
            int perPiece = HalfBytes / stride;
            for (int first = 0; first < rows; first += perPiece)
            {
                int count = Math.Min(perPiece, rows - first);
                _half ^= 1;
                _driver.WaitFor(_copied[_half]);
                Pack(source.Slice(first * rowLength, count * rowLength), Half(_half), rowLength, stride);
                _driver.CopyToDeviceAsync(target + ((ulong)first * (ulong)stride), Address(_half), (long)count * stride, _stream);
                _driver.Record(_copied[_half], _stream);
            }
        }
    }

    /// <summary>Copies rows from the device after the work that was submitted to the stream before.</summary>
    /// <param name="source">Address of the first row.</param>
    /// <param name="target">Receives the rows, one after the other.</param>
    /// <param name="rowLength">Bytes of a row.</param>
    /// <param name="stride">Bytes from row to row on the device.</param>
    public void CopyOut(ulong source, Span<byte> target, int rowLength, int stride) =>
        CopyOut(source, target, null, target.Length / rowLength, rowLength, stride);

    /// <summary>Copies rows from the device to the first rows of a buffer, after the work that was submitted to the stream before.</summary>
    /// <param name="source">Address of the first row.</param>
    /// <param name="target">Receives the rows.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="rowLength">Bytes of a row.</param>
    /// <param name="stride">Bytes from row to row on the device.</param>
    public void CopyOut(ulong source, Activation target, int rows, int rowLength, int stride) =>
        CopyOut(source, default, target, rows, rowLength, stride);

    /// <summary>Waits for the copies and frees the pinned memory.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (nint copied in _copied.Where(static handle => handle != 0))
            {
                _driver.WaitFor(copied);
                _driver.DestroyEvent(copied);
            }

            _driver.FreePinned(_memory);
        }
    }

    // The rows go to the span, or to the buffer if there is one.
    private void CopyOut(ulong source, Span<byte> span, Activation? buffer, int rows, int rowLength, int stride)
    {
        lock (_gate)
        {
            int perPiece = HalfBytes / stride;
            for (int first = 0; first < rows + perPiece; first += perPiece)
            {
                int previous = _half;
                if (first < rows)
                {
                    _half ^= 1;
                    long bytes = (long)Math.Min(perPiece, rows - first) * stride;
                    _driver.CopyToHostAsync(Address(_half), source + ((ulong)first * (ulong)stride), bytes, _stream);
                    _driver.Record(_copied[_half], _stream);
                }

                if (first > 0)
                {
                    _driver.WaitFor(_copied[previous]);
                    if (buffer is null && rowLength == stride)
                    {
                        int begin = (first - perPiece) * rowLength, end = Math.Min(first, rows) * rowLength;
                        Half(previous)[..(end - begin)].CopyTo(span[begin..end]);
                        continue;
                    }

                    for (int row = first - perPiece; row < Math.Min(first, rows); row++)
                    {
                        ReadOnlySpan<byte> staged = Half(previous).Slice((row - (first - perPiece)) * stride, rowLength);
                        staged.CopyTo(buffer is null ? span.Slice(row * rowLength, rowLength) : buffer.RowBytes(row));
                    }
                }
            }
        }
    }

    private static void Pack(ReadOnlySpan<byte> rows, Span<byte> staged, int rowLength, int stride)
    {
        if (rowLength == stride)
        {
            rows.CopyTo(staged);
            return;
        }

        for (; !rows.IsEmpty; rows = rows[rowLength..], staged = staged[stride..])
        {
            rows[..rowLength].CopyTo(staged);
            staged[rowLength..stride].Clear();
        }
    }

    private nint Address(int half) => _memory + (half * (nint)HalfBytes);

    private Span<byte> Half(int half)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new((void*)Address(half), HalfBytes);
    }
}
