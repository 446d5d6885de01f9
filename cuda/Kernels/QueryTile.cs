using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// 16 query rows in bfloat16 as the first operands of tensor core products: Si for elements 16 i to 16 i + 15 of the head. Within 32 elements (or 16
/// at the end) each lane has consecutive elements of queries and of keys, so that it loads them at once.
/// </summary>
internal struct QueryTile
{
    public Uint4 S0;
    public Uint4 S1;
    public Uint4 S2;
    public Uint4 S3;
    public Uint4 S4;
    public Uint4 S5;
    public Uint4 S6;
    public Uint4 S7;

    /// <summary>Loads the rows of a lane.</summary>
    /// <param name="row0">Address of row lane / 4.</param>
    /// <param name="row1">Address of row lane / 4 + 8.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="size">Head size, a constant.</param>
    public static QueryTile Load(ulong row0, ulong row1, int lane, int size)
    {
        QueryTile tile = default;
        tile.S0 = Operand(row0, row1, 0, lane, size);
        tile.S1 = Operand(row0, row1, 1, lane, size);
        tile.S2 = Operand(row0, row1, 2, lane, size);
        tile.S3 = Operand(row0, row1, 3, lane, size);
        tile.S4 = Operand(row0, row1, 4, lane, size);
        tile.S5 = Operand(row0, row1, 5, lane, size);
        tile.S6 = Operand(row0, row1, 6, lane, size);
        tile.S7 = Operand(row0, row1, 7, lane, size);
        return tile;
    }

    /// <summary>The products of the rows and the keys of eight positions.</summary>
    /// <param name="tile">The rows.</param>
    /// <param name="keys">Address of the keys.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="size">Head size, a constant.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    public static Float4 Multiply(QueryTile tile, ulong keys, int lane, int size, int format)
    {
        Float4 sums = default;
        sums = MultiplyChunk(tile.S0, tile.S1, keys, 0, lane, size, format, sums);
        sums = MultiplyChunk(tile.S2, tile.S3, keys, 1, lane, size, format, sums);
        sums = MultiplyChunk(tile.S4, tile.S5, keys, 2, lane, size, format, sums);
        return MultiplyChunk(tile.S6, tile.S7, keys, 3, lane, size, format, sums);
    }

    private static Float4 MultiplyChunk(Uint4 first, Uint4 second, ulong keys, int chunk, int lane, int size, int format, Float4 sums)
    {
        ulong address = keys + ((ulong)chunk * 256 * (ulong)KvFormat.Bytes(format));
        if ((chunk + 1) * 32 <= size)
        {
            Uint4 k = KvExpansion.Load8(address, lane, format);
            sums = Ptx.Multiply(first, k.A, k.B, sums);
            return Ptx.Multiply(second, k.C, k.D, sums);
        }

        if (chunk * 32 < size)
        {
            Uint2 k = KvExpansion.Load4(address, lane, format);
            return Ptx.Multiply(first, k.A, k.B, sums);
        }

        return sums;
    }

    private static Uint4 Operand(ulong row0, ulong row1, int step, int lane, int size)
    {
        if (step * 16 >= size)
        {
            return default;
        }

        int column = lane % 4;
        bool whole = ((step / 2) + 1) * 32 <= size;
        ulong offset = (ulong)((step / 2 * 64) + (whole ? (column * 16) + (step % 2 * 8) : column * 8));
        Uint2 a = Ptx.LoadUint2(row0 + offset);
        Uint2 b = Ptx.LoadUint2(row1 + offset);
        return new Uint4 { A = a.A, B = b.A, C = a.B, D = b.B };
    }
}
