namespace HunyuanOrleans.Kernels.Memory;

/// <summary>A reusable buffer of rows on a device. Rows leave and enter it as dense bytes; where they are in between, the device decides.</summary>
public interface IRowBuffer
{
    /// <summary>Number of rows.</summary>
    int Rows { get; }

    /// <summary>Bytes of a row as it is copied, without padding.</summary>
    int RowLength { get; }

    /// <summary>Copies rows to <paramref name="target"/>, one after the other.</summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">Receives exactly rows * <see cref="RowLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The rows or the bytes do not fit.</exception>
    void CopyOut(int firstRow, int rows, Span<byte> target);

    /// <summary>Copies rows from <paramref name="source"/>, in the form that <see cref="CopyOut"/> writes.</summary>
    /// <inheritdoc cref="CopyOut"/>
    void CopyIn(int firstRow, int rows, ReadOnlySpan<byte> source);
}
