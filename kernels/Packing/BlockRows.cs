using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// The source rows of one block, one worker's own: where each lies in memory, read from its file first where it has one. It does not
/// know the layout they are packed into.
/// </summary>
internal sealed unsafe class BlockRows : IDisposable
{
    private NativeBuffer? _staged;
    private int _lanes;

    /// <summary>Each lane's row. Valid until the next <see cref="Find"/>.</summary>
    public LaneRow[] Lanes { get; } = new LaneRow[PanelKernels.BlockRows];

    /// <summary>Finds rows [first, first + lanes) of the sources; lanes behind the last row are zeros.</summary>
    /// <exception cref="IOException">A file cannot be read, or ends before its rows.</exception>
    public void Find(SourceRows[] sources, int first, int lanes)
    {
        _lanes = lanes;
        Reserve(sources, lanes);
        int lane = 0;
        long staged = 0;
        foreach (SourceRows source in sources)
        {
            if (lane == lanes)
            {
                return;
            }

            if (first >= source.Count)
            {
                first -= source.Count;
                continue;
            }

            int count = Math.Min(lanes - lane, source.Count - first);
            nint address = source.Address == 0 ? 0 : source.Address + (nint)(first * source.Stride);
            if (source.File is not null && address != 0)
            {
                address = Read(source, first, count, staged);
                staged += count * source.Stride;
            }

            SourceScales scales = source.Scales?.Skip(first) ?? default;
            for (int i = 0; i < count; i++, lane++)
            {
                nint row = address == 0 ? 0 : address + (nint)(i * source.Stride);
                Lanes[lane] = new LaneRow(row, source.Type, scales.Skip(i).Address, scales.Type);
            }

            first = 0;
        }

        for (; lane < lanes; lane++)
        {
            Lanes[lane] = default;
        }
    }

    /// <summary>Whether every lane has a row of that type, so that nothing is left to convert.</summary>
    public bool Unconverted(ElementType type)
    {
        for (int lane = 0; lane < _lanes; lane++)
        {
            if (Lanes[lane].Address == 0 || Lanes[lane].Type != type)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _staged?.Dispose();

    private void Reserve(SourceRows[] sources, int lanes)
    {
        long bytes = 0;
        foreach (SourceRows source in sources)
        {
            bytes = source.File is null ? bytes : Math.Max(bytes, source.Stride * lanes);
        }

        if (bytes > (_staged?.ByteLength ?? 0))
        {
            _staged?.Dispose();
            _staged = new NativeBuffer(bytes, clear: false);
        }
    }

    private nint Read(in SourceRows source, int first, int count, long staged)
    {
        Span<byte> buffer = _staged!.Slice(staged, checked((int)(count * source.Stride)));
        long offset = source.FileOffset + (first * source.Stride);
        while (buffer.Length > 0)
        {
            int read = RandomAccess.Read(source.File!, buffer, offset);
            if (read == 0)
            {
                throw new EndOfStreamException("A file of weights became shorter while it was read.");
            }

            buffer = buffer[read..];
            offset += read;
        }

        return (nint)_staged.Pointer + (nint)staged;
    }
}
