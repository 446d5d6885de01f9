using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Loads and stores elements of rows that are float32 or bf16. Four elements are 16 or 8 bytes in one access.</summary>
internal static class RowElements
{
    /// <summary>Address of a row.</summary>
    public static ulong Row(ulong rows, int stride, int row) => rows + ((ulong)(uint)row * (uint)stride);

    /// <summary>Loads elements 4 * <paramref name="quad"/> to 4 * quad + 3, which may lie between the last column and the stride.</summary>
    public static Float4 LoadQuad(ulong row, int bf16, int quad)
    {
        if (bf16 == 0)
        {
            return Ptx.LoadFloat4(row + ((ulong)(uint)quad * 16));
        }

        return ToFloats(Ptx.LoadUint2(row + ((ulong)(uint)quad * 8)));
    }

    /// <summary>Stores the elements of a quad that are below <paramref name="columns"/>.</summary>
    /// <returns>The stored values: rounded if the rows are bf16.</returns>
    public static Float4 StoreQuad(ulong row, int bf16, int quad, int columns, Float4 value)
    {
        int left = columns - (quad * 4);
        if (bf16 == 0)
        {
            StoreFloats(row + ((ulong)(uint)quad * 16), left, value);
            return value;
        }

        Uint2 pairs = new() { A = Ptx.ToBf16Pair(value.A, value.B), B = Ptx.ToBf16Pair(value.C, value.D) };
        StorePairs(row + ((ulong)(uint)quad * 8), left, pairs);
        return ToFloats(pairs);
    }

    /// <summary>The values of four bf16 elements.</summary>
    public static Float4 ToFloats(Uint2 pairs) => new()
    {
        A = Ptx.FromBits(pairs.A << 16),
        B = Ptx.FromBits(pairs.A & 0xffff0000),
        C = Ptx.FromBits(pairs.B << 16),
        D = Ptx.FromBits(pairs.B & 0xffff0000),
    };

    private static void StoreFloats(ulong address, int left, Float4 value)
    {
        if (left >= 4)
        {
            Ptx.StoreFloat4(address, value);
            return;
        }

        Ptx.StoreFloat(address, value.A);
        if (left > 1)
        {
            Ptx.StoreFloat(address + 4, value.B);
        }

        if (left > 2)
        {
            Ptx.StoreFloat(address + 8, value.C);
        }
    }

    private static void StorePairs(ulong address, int left, Uint2 pairs)
    {
        if (left >= 4)
        {
            Ptx.StoreUint2(address, pairs);
            return;
        }

        Ptx.StoreShort(address, pairs.A & 0xffff);
        if (left > 1)
        {
            Ptx.StoreShort(address + 2, pairs.A >> 16);
        }

        if (left > 2)
        {
            Ptx.StoreShort(address + 4, pairs.B & 0xffff);
        }
    }
}
