using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>bf16, float16, e4m3 and e5m2 against tables of all their values.</summary>
public sealed class NarrowFloatInstructionTests
{
    [Fact]
    public void Pairs_of_bf16_and_float16_from_float32()
    {
        List<ulong[]> rows = Operands.Pairs(Operands.Singles, Operands.Singles, 4);
        InstructionCheck.Equal("cvt.rn.bf16x2.f32 %0, %1, %2;", ["b32", "f32", "f32"], rows, static row => (Bfloat(row[0]) << 16) | Bfloat(row[1]));
        InstructionCheck.Equal("cvt.rn.f16x2.f32 %0, %1, %2;", ["b32", "f32", "f32"], rows, static row => (Half16(row[0]) << 16) | Half16(row[1]));
        InstructionCheck.Equal("cvt.rn.bf16.f32 %0, %1;", ["b16", "f32"], rows, static row => Bfloat(row[0]));
        InstructionCheck.Equal("cvt.rn.f16.f32 %0, %1;", ["b16", "f32"], rows, static row => Half16(row[0]));
    }

    [Fact]
    public void To_float32_exactly()
    {
        List<ulong[]> all = [.. Enumerable.Range(0, 65536).Select(static bits => (ulong[])[(ulong)bits])];
        InstructionCheck.Equal("cvt.f32.bf16 %0, %1;", ["f32", "b16"], all, static row =>
            float.IsNaN(Single((uint)row[0] << 16)) ? 0x7fffffff : row[0] << 16);
        InstructionCheck.Equal("cvt.f32.f16 %0, %1;", ["f32", "b16"], all, static row =>
        {
            Half half = BitConverter.UInt16BitsToHalf((ushort)row[0]);
            return Half.IsNaN(half) ? 0x7fffffff : BitConverter.SingleToUInt32Bits((float)half);
        });
    }

    [Fact]
    public void Multiply_and_add_round_once()
    {
        List<ulong[]> rows = Operands.Triples([.. Operands.Singles.Select(static bits => Bfloat(bits) | (0x3c01ul << 16)), 0x3f813f81, 0x00014380, 0x33803380, 0xbf80bf80], 4);
        InstructionCheck.Equal("fma.rn.bf16x2 %0, %1, %2, %3;", ["b32", "b32", "b32", "b32"], rows, static row =>
            Nearest(row, 0, Bfloats, 0x7f80) | (Nearest(row, 16, Bfloats, 0x7f80) << 16));
        InstructionCheck.Equal("fma.rn.f16x2 %0, %1, %2, %3;", ["b32", "b32", "b32", "b32"], rows, static row =>
            Nearest(row, 0, Halves, 0x7c00) | (Nearest(row, 16, Halves, 0x7c00) << 16));
        InstructionCheck.Equal("mul.rn.f16x2 %0, %1, %2;", ["b32", "b32", "b32"], rows, static row =>
            Nearest([row[0], row[1], 0x80008000], 0, Halves, 0x7c00) | (Nearest([row[0], row[1], 0x80008000], 16, Halves, 0x7c00) << 16));
    }

    [Fact]
    public void Bytes_from_float32()
    {
        List<ulong[]> rows = Operands.Pairs(Operands.Singles, Operands.Singles, 4);
        InstructionCheck.Equal("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;", ["b16", "f32", "f32"], rows, static row => (E4m3(row[0]) << 8) | E4m3(row[1]));
    }

    [Fact]
    public void Bytes_to_float16()
    {
        List<ulong[]> all = [.. Enumerable.Range(0, 256).Select(static bits => (ulong[])[(uint)bits | ((uint)(255 - bits) << 8)])];
        InstructionCheck.Equal("cvt.rn.f16x2.e4m3x2 %0, %1;", ["b32", "b16"], all, static row => HalfOf((byte)row[0]) | (HalfOf((byte)(row[0] >> 8)) << 16));
        InstructionCheck.Equal("cvt.rn.f16x2.e5m2x2 %0, %1;", ["b32", "b16"], all, static row => Canonical((byte)row[0]) | (Canonical((byte)(row[0] >> 8)) << 16));

        static ulong HalfOf(byte bits)
        {
            double value = E4m3Value(bits);
            return double.IsNaN(value) ? 0x7ffful : BitConverter.HalfToUInt16Bits((Half)value);
        }

        static ulong Canonical(byte bits) => (bits & 0x7f) > 0x7c ? 0x7ffful : (ulong)bits << 8;
    }

    // The value that is nearest to a * b + c, which float64 cannot hold for all operands.
    private static ulong Nearest(ulong[] row, int shift, Func<ushort, double> decode, ushort infinity)
    {
        double a = decode((ushort)(row[0] >> shift));
        double b = decode((ushort)(row[1] >> shift));
        double c = decode((ushort)(row[2] >> shift));
        double rough = (a * b) + c;
        if (double.IsNaN(rough))
        {
            return 0x7fff;
        }

        if (double.IsInfinity(rough))
        {
            return rough > 0 ? infinity : infinity | 0x8000ul;
        }

        ExactNumber exact = (ExactNumber.Of(a) * ExactNumber.Of(b)) + ExactNumber.Of(c);
        if (exact.IsZero)
        {
            return double.IsNegative(rough) ? 0x8000ul : 0;
        }

        ulong sign = exact.IsNegative ? 0x8000ul : 0;
        ExactNumber magnitude = exact.Magnitude;
        int low = 0;
        int high = infinity;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            (low, high) = ExactNumber.Of(decode((ushort)middle)).CompareTo(magnitude) <= 0 ? (middle, high) : (low, middle);
        }

        // Above the largest number, infinity counts as the next number of the same distance.
        ExactNumber next = high == infinity
            ? ExactNumber.Of((2 * decode((ushort)low)) - decode((ushort)(low - 1)))
            : ExactNumber.Of(decode((ushort)high));
        int compared = (magnitude + magnitude).CompareTo(ExactNumber.Of(decode((ushort)low)) + next);
        return sign | (uint)(compared < 0 || (compared == 0 && low % 2 == 0) ? low : high);
    }

    private static double Bfloats(ushort bits) => Single((uint)bits << 16);

    private static double Halves(ushort bits) => (double)BitConverter.UInt16BitsToHalf(bits);

    private static ulong Bfloat(ulong bits)
    {
        float value = Single((uint)bits);
        if (float.IsNaN(value))
        {
            return 0x7fff;
        }

        uint low = (uint)bits >> 16;
        uint rest = (uint)bits & 0xffff;
        return rest > 0x8000 || (rest == 0x8000 && low % 2 == 1) ? low + 1 : low;
    }

    private static ulong Half16(ulong bits) => float.IsNaN(Single((uint)bits)) ? 0x7ffful : BitConverter.HalfToUInt16Bits((Half)Single((uint)bits));

    private static double E4m3Value(byte bits)
    {
        double magnitude = (bits & 0x7f) == 0x7f ? double.NaN
            : (bits & 0x78) == 0 ? (bits & 7) / 512.0
            : (1 + ((bits & 7) / 8.0)) * Math.Pow(2, (bits >> 3 & 15) - 7);
        return bits > 0x7f ? -magnitude : magnitude;
    }

    private static ulong E4m3(ulong bits)
    {
        float value = Single((uint)bits);
        if (float.IsNaN(value))
        {
            return 0x7f;
        }

        double magnitude = Math.Min(Math.Abs((double)value), 448);
        byte nearest = Enumerable.Range(0, 0x7f).Select(static code => (byte)code)
            .OrderBy(code => Math.Abs(E4m3Value(code) - magnitude)).ThenBy(static code => code & 1).First();
        return float.IsNegative(value) ? nearest | 0x80ul : nearest;
    }

    private static float Single(uint bits) => BitConverter.UInt32BitsToSingle(bits);
}
