namespace HunyuanOrleans.Model.Checkpoints.Rows;

/// <summary>Reads the codes of rows from a stored tensor. Threads may use it at the same time.</summary>
internal interface ICodeRows
{
    /// <summary>The tensor.</summary>
    TensorView Tensor { get; }

    /// <summary>
    /// Reads rows [first, first + count). Integers of 8 bits become bytes without a sign, those of 4 bits two columns to a byte, the even one in the low
    /// half, both with the offset that makes them positive. 8-bit floats are copied.
    /// </summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="codes">Receives the rows.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    void Read(int first, int count, Span<byte> codes, int stride);
}
