using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Quantises or widens the activations of one run to the formats that the weights require. Rows that several products use are prepared once. The
/// memory grows to the needs of the largest run and is kept.
/// </summary>
internal sealed unsafe class QuantizedActivations : IJob, IDisposable
{
    // Enough rows that the work of a unit outweighs the cost of taking it.
    private const int RowsPerUnit = 4;
    private Entry[] _entries = new Entry[8];
    private (int Entry, int FirstRow)[] _units = new (int, int)[16];
    private NativeBuffer? _memory;
    private int _entryCount;
    private int _unitCount;
    private long _bytes;

    /// <summary>Requests rows in a format. Returns an index for <see cref="Row"/>.</summary>
    public int Add(Activation x, int firstRow, int rows, in ActivationFormat format)
    {
        byte* address = x.Address(firstRow);
        for (int i = 0; i < _entryCount; i++)
        {
            if (_entries[i].Source == address && _entries[i].Rows == rows && _entries[i].Format == format)
            {
                return i;
            }
        }

        if (_entryCount == _entries.Length)
        {
            Array.Resize(ref _entries, _entryCount * 2);
        }

        _entries[_entryCount] = new Entry(address, x.Stride, x.Columns, x.Type, rows, format, _bytes);
        _bytes += (long)rows * format.Stride;
        for (int row = 0; row < rows; row += RowsPerUnit)
        {
            if (_unitCount == _units.Length)
            {
                Array.Resize(ref _units, _unitCount * 2);
            }

            _units[_unitCount++] = (_entryCount, row);
        }

        return _entryCount++;
    }

    /// <summary>Prepares all rows requested since the last <see cref="Clear"/>.</summary>
    public void Run(WorkerPool pool)
    {
        if (_bytes > (_memory?.ByteLength ?? 0))
        {
            _memory?.Dispose();
            _memory = null;
            _memory = new NativeBuffer(_bytes, clear: false);
        }

        pool.Run(this, _unitCount);
    }

    /// <summary>The first row of a request of <see cref="Add"/>. Valid from one <see cref="Run"/> to the next.</summary>
    public byte* Row(int entry) => _memory!.Pointer + _entries[entry].Offset;

    /// <summary>Removes all requests.</summary>
    public void Clear()
    {
        _entryCount = 0;
        _unitCount = 0;
        _bytes = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory?.Dispose();

    void IJob.Run(int unit, int worker)
    {
        (int index, int first) = _units[unit];
        ref readonly Entry entry = ref _entries[index];
        int end = Math.Min(entry.Rows, first + RowsPerUnit);
        for (int row = first; row < end; row++)
        {
            byte* source = entry.Source + (row * entry.SourceStride);
            byte* target = _memory!.Pointer + entry.Offset + ((long)row * entry.Format.Stride);
            ActivationQuantizer.Quantize(source, entry.SourceType, entry.Columns, target, entry.Format);
        }
    }

    private readonly struct Entry(byte* source, long sourceStride, int columns, ElementType sourceType, int rows, ActivationFormat format, long offset)
    {
        public readonly byte* Source = source;
        public readonly long SourceStride = sourceStride;
        public readonly int Columns = columns;
        public readonly ElementType SourceType = sourceType;
        public readonly int Rows = rows;
        public readonly ActivationFormat Format = format;
        public readonly long Offset = offset;
    }
}
