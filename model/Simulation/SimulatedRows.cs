using System.Buffers.Binary;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>Rows of a simulated device: a hash each, which travels in as many bytes as a real row would.</summary>
/// <param name="rows">Number of rows.</param>
/// <param name="rowLength">Bytes of a real row.</param>
internal sealed class SimulatedRows(int rows, int rowLength) : IRowBuffer
{
    /// <summary>The hashes, [rows].</summary>
    public ulong[] Values { get; } = new ulong[rows];

    /// <inheritdoc/>
    public int Rows => rows;

    /// <inheritdoc/>
    public int RowLength { get; } = Math.Max(rowLength, sizeof(ulong));

    /// <inheritdoc/>
    public void CopyOut(int firstRow, int rows, Span<byte> target)
    {
        Check(firstRow, rows, target.Length);
        target.Clear();
        for (int i = 0; i < rows; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(target[(i * RowLength)..], Values[firstRow + i]);
        }
    }

    /// <inheritdoc/>
    public void CopyIn(int firstRow, int rows, ReadOnlySpan<byte> source)
    {
        Check(firstRow, rows, source.Length);
        for (int i = 0; i < rows; i++)
        {
            Values[firstRow + i] = BinaryPrimitives.ReadUInt64LittleEndian(source[(i * RowLength)..]);
        }
    }

    private void Check(int firstRow, int count, int bytes)
    {
        if (firstRow < 0 || count < 0 || firstRow > rows - count || (long)count * RowLength != bytes)
        {
            throw new ArgumentException($"{bytes} bytes for rows {firstRow} to {firstRow + count} of a buffer of {rows} rows of {RowLength} bytes.");
        }
    }
}
