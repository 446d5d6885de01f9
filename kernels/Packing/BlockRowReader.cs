using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Provides the source rows of one block in memory, reading them from their file first if they have one. Each worker has its own instance.
/// It does not know the layout into which rows are packed.
/// </summary>
internal sealed unsafe class BlockRowReader : IDisposable
{
    private NativeBuffer? _buffer;
    private int _lanes;

    // The scales of provided rows are aligned.
    private const int ProvidedAlignment = 64;

    /// <summary>The row of each lane. Valid until the next <see cref="Load"/>.</summary>
    public SourceRow[] Lanes { get; } = new SourceRow[PanelKernels.BlockRows];

    /// <summary>Provides rows [first, first + lanes) of the sources in <see cref="Lanes"/>. Lanes after the last row are zeros.</summary>
    /// <exception cref="IOException">A file cannot be read, or ends before its last row.</exception>
    public void Load(SourceRows[] sources, int first, int lanes)
    {
        _lanes = lanes;
        EnsureBuffer(sources, lanes);
        int lane = 0;
        long bufferOffset = 0;
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
            if (source.Provider is { } provider)
            {
                Provide(source, provider, first, Lanes.AsSpan(lane, count), ref bufferOffset);
                lane += count;
                first = 0;
                continue;
            }

            nint address = source.Address == 0 ? 0 : source.Address + (nint)(first * source.Stride);
            if (source.File is not null && address != 0)
            {
                address = Read(source, first, count, bufferOffset);
                bufferOffset += count * source.Stride;
            }

            SourceScales scales = source.Scales?.Skip(first) ?? default;
            for (int i = 0; i < count; i++, lane++)
            {
                nint row = address == 0 ? 0 : address + (nint)(i * source.Stride);
                Lanes[lane] = new SourceRow(row, source.Type, scales.Skip(i).Address, scales.Type);
            }

            first = 0;
        }

        for (; lane < lanes; lane++)
        {
            Lanes[lane] = default;
        }
    }

    /// <summary>Whether every lane has a row of this type, so that no row needs a conversion.</summary>
    public bool AllAre(ElementType type)
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
    public void Dispose() => _buffer?.Dispose();

    private void EnsureBuffer(SourceRows[] sources, int lanes)
    {
        long bytes = 0;
        foreach (SourceRows source in sources)
        {
            long perRow = source.Provider is { } provider
                ? source.Stride + (provider.ScalesPerRow * (sizeof(float) + 1L)) + ProvidedAlignment
                : source.File is null ? 0 : source.Stride;
            bytes = Math.Max(bytes, perRow * lanes);
        }

        if (bytes > (_buffer?.ByteLength ?? 0))
        {
            _buffer?.Dispose();
            _buffer = new NativeBuffer(bytes, clear: false);
        }
    }

    private void Provide(in SourceRows source, IRowProvider provider, int first, Span<SourceRow> lanes, ref long bufferOffset)
    {
        int scalesPerRow = provider.ScalesPerRow;
        long codeBytes = source.Stride * lanes.Length;
        long scalesAt = (bufferOffset + codeBytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);
        long zerosAt = scalesAt + ((long)lanes.Length * scalesPerRow * sizeof(float));
        int zeros = source.Type.HasZeroPoints() ? lanes.Length * scalesPerRow : 0;
        Span<float> scales = MemoryMarshal.Cast<byte, float>(_buffer!.Slice(scalesAt, (int)(zerosAt - scalesAt)));
        provider.Read(source.ProvidedRow + first, lanes.Length, _buffer.Slice(bufferOffset, checked((int)codeBytes)), scales, _buffer.Slice(zerosAt, zeros));
        nint start = (nint)_buffer.Pointer;
        for (int i = 0; i < lanes.Length; i++)
        {
            lanes[i] = new SourceRow(
                start + (nint)(bufferOffset + (i * source.Stride)),
                source.Type,
                start + (nint)(scalesAt + ((long)i * scalesPerRow * sizeof(float))),
                ElementType.F32,
                zeros == 0 ? 0 : start + (nint)(zerosAt + ((long)i * scalesPerRow)));
        }

        bufferOffset = zerosAt + zeros;
    }

    private nint Read(in SourceRows source, int first, int count, long bufferOffset)
    {
        Span<byte> buffer = _buffer!.Slice(bufferOffset, checked((int)(count * source.Stride)));
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

        return (nint)_buffer.Pointer + (nint)bufferOffset;
    }
}
