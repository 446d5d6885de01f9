namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Provides rows of weights that are stored in an order of their own, such as column by column, or whose scales are. Threads call it at the same time.
/// </summary>
public interface IRowProvider
{
    /// <summary>Scales in a row: one for each group of columns of the type. 0 for types without scales.</summary>
    int ScalesPerRow { get; }

    /// <summary>The mapped memory that all rows are read from: its address and its length in bytes.</summary>
    (nint Address, long Bytes) Extent { get; }

    /// <summary>Reads rows.</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="codes">
    /// Receives the elements of each row in the order of columns, as <see cref="SourceRows.Type"/> stores them, from row to row
    /// <see cref="SourceRows.Stride"/> bytes.
    /// </param>
    /// <param name="scales">Receives <see cref="ScalesPerRow"/> scales for each row.</param>
    /// <param name="zeroPoints">Receives as many zero points if the type has them; otherwise it is empty.</param>
    /// <exception cref="InvalidDataException">The stored form is invalid; the message says what is wrong.</exception>
    void Read(int first, int count, Span<byte> codes, Span<float> scales, Span<byte> zeroPoints);
}
