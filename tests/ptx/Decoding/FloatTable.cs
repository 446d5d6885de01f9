using HunyuanOrleans.Ptx.Instructions;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Arithmetic of float32 and float64.</summary>
internal static class FloatTable
{
    /// <summary>Adds it.</summary>
    public static void Fill(TableBuilder table)
    {
        table.Vector<float, AddFloat>("add.rn.f32", "f32");
        table.Vector<float, SubtractFloat>("sub.rn.f32", "f32");
        table.Vector<float, MultiplyFloat>("mul.rn.f32", "f32");
        table.Vector<float, DivideFloat>("div.rn.f32", "f32");
        table.Ternary<float, MultiplyAddFloat>("fma.rn.f32", "f32");
        table.Vector<float, MaximumFloat>("max.f32", "f32");
        table.Vector<float, MinimumFloat>("min.f32", "f32");
        table.Unary<float, SqrtFloat>("sqrt.rn.f32", "f32");
        table.Unary<float, ReciprocalFloat>("rcp.rn.f32", "f32");
        table.Unary<uint, NegateFloat>("neg.f32", "f32");
        table.Unary<uint, AbsoluteFloat>("abs.f32", "f32");
        table.Binary<uint, CopySignFloat>("copysign.f32", "f32");
        table.Binary<double, AddDouble>("add.rn.f64", "f64");
        table.Binary<double, SubtractDouble>("sub.rn.f64", "f64");
        table.Binary<double, MultiplyDouble>("mul.rn.f64", "f64");
        table.Binary<double, DivideDouble>("div.rn.f64", "f64");
        table.Ternary<double, MultiplyAddDouble>("fma.rn.f64", "f64");
        table.Binary<double, MaximumDouble>("max.f64", "f64");
        table.Binary<double, MinimumDouble>("min.f64", "f64");
        table.Unary<double, SqrtDouble>("sqrt.rn.f64", "f64");
        table.Bits("neg.f64", "f64", ["f64"], static (a, _, _) => a ^ (1ul << 63));
        table.Bits("abs.f64", "f64", ["f64"], static (a, _, _) => a & (ulong.MaxValue >> 1));
        foreach (string operation in (ReadOnlySpan<string>)["add", "sub", "mul"])
        {
            table.Contractible($"{operation}.f32", $"{operation}.rn.f32");
            table.Contractible($"{operation}.f64", $"{operation}.rn.f64");
        }

        table.Bits("testp.notanumber.f32", "pred", ["f32"], static (a, _, _) => float.IsNaN(Single(a)) ? 1ul : 0);
        table.Bits("testp.number.f32", "pred", ["f32"], static (a, _, _) => float.IsNaN(Single(a)) ? 0 : 1ul);
        table.Bits("testp.infinite.f32", "pred", ["f32"], static (a, _, _) => float.IsInfinity(Single(a)) ? 1ul : 0);
        table.Bits("testp.finite.f32", "pred", ["f32"], static (a, _, _) => float.IsFinite(Single(a)) ? 1ul : 0);
    }

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);
}
