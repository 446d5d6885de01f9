using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Rounds two float32 to bf16. The first goes to the upper half.</summary>
internal readonly struct BfloatPair : IVectorBinary<uint>
{
    public static uint Apply(uint a, uint b) => (Round(a) << 16) | Round(b);

    public static Vector256<uint> Apply(Vector256<uint> a, Vector256<uint> b) => (Round(a) << 16) | Round(b);

    /// <summary>Rounds to bf16 in the lower half.</summary>
    public static uint Round(uint bits) => float.IsNaN(BitConverter.UInt32BitsToSingle(bits)) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;

    /// <inheritdoc cref="Round(uint)"/>
    public static Vector256<uint> Round(Vector256<uint> bits)
    {
        Vector256<uint> rounded = (bits + Vector256.Create(0x7fffu) + ((bits >> 16) & Vector256.Create(1u))) >> 16;
        Vector256<float> value = bits.AsSingle();
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, Vector256.Create(0x7fffu));
    }
}

/// <summary>a * b + c for two bf16, each rounded once.</summary>
internal readonly struct MultiplyAddBfloatPair : IVectorTernary<uint>
{
    public static uint Apply(uint a, uint b, uint c) => One(a, b, c) | ((uint)One(a >> 16, b >> 16, c >> 16) << 16);

    public static Vector256<uint> Apply(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c)
    {
        Vector256<uint> upper = Vector256.Create(0xffff0000u);
        Vector256<uint> low = MultiplyAdd(a << 16, b << 16, c << 16);
        Vector256<uint> high = MultiplyAdd(a & upper, b & upper, c & upper);
        Vector256<uint> tie = Vector256.Create(0x8000u);
        if (!Vector256.EqualsAny(low & ~upper, tie) && !Vector256.EqualsAny(high & ~upper, tie))
        {
            return BfloatPair.Round(low) | (BfloatPair.Round(high) << 16);
        }

        // A float32 that is a tie may be none before it was rounded.
        Vector256<uint> result = default;
        for (int i = 0; i < Vector256<uint>.Count; i++)
        {
            result = result.WithElement(i, Apply(a[i], b[i], c[i]));
        }

        return result;
    }

    private static Vector256<uint> MultiplyAdd(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c) =>
        Vector256.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsUInt32();

    private static ushort One(uint a, uint b, uint c) => NarrowFloats.ToBfloat(
        NarrowFloats.MultiplyAdd(NarrowFloats.FromBfloat((ushort)a), NarrowFloats.FromBfloat((ushort)b), NarrowFloats.FromBfloat((ushort)c)));
}
