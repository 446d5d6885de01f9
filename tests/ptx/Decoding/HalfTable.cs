using HunyuanOrleans.Ptx.Instructions;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Arithmetic of float16 and bf16, alone and in pairs.</summary>
internal static class HalfTable
{
    /// <summary>Adds it.</summary>
    public static void Fill(TableBuilder table)
    {
        Fill(table, "f16", "f16x2", NarrowFloats.FromHalf, NarrowFloats.ToHalf);
        Fill(table, "bf16", "bf16x2", NarrowFloats.FromBfloat, NarrowFloats.ToBfloat);
        table.Known.Remove("fma.rn.bf16x2");
        table.Ternary<uint, MultiplyAddBfloatPair>("fma.rn.bf16x2", "b32");
    }

    private static void Fill(TableBuilder table, string single, string pair, Func<ushort, double> decode, Func<double, ushort> encode)
    {
        Add("fma.rn", 3, static (a, b, c) => NarrowFloats.MultiplyAdd(a, b, c));
        Add("add.rn", 2, static (a, b, _) => NarrowFloats.MultiplyAdd(a, 1, b));
        Add("sub.rn", 2, static (a, b, _) => NarrowFloats.MultiplyAdd(a, 1, -b));
        Add("mul.rn", 2, static (a, b, _) => a * b);
        foreach (string operation in (ReadOnlySpan<string>)["add", "sub", "mul"])
        {
            table.Contractible($"{operation}.{single}", $"{operation}.rn.{single}");
            table.Contractible($"{operation}.{pair}", $"{operation}.rn.{pair}");
        }

        void Add(string operation, int count, Func<double, double, double, double> function)
        {
            ulong One(ulong a, ulong b, ulong c) => encode(function(decode((ushort)a), decode((ushort)b), decode((ushort)c)));
            table.Bits($"{operation}.{single}", "b16", [.. Enumerable.Repeat("b16", count)], One);
            table.Bits($"{operation}.{pair}", "b32", [.. Enumerable.Repeat("b32", count)], (a, b, c) => One(a, b, c) | (One(a >> 16, b >> 16, c >> 16) << 16));
        }
    }
}
