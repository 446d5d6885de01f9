using System.Numerics;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class ConvertInstructionTests
{
    [Fact]
    public void Between_integers()
    {
        List<ulong[]> longs = Operands.Alone(Operands.Longs, 8);
        List<ulong[]> words = Operands.Alone(Operands.Words, 4);
        InstructionCheck.Equal("cvt.s64.s32 %0, %1;", ["b64", "b32"], words, static row => (ulong)(int)row[0]);
        InstructionCheck.Equal("cvt.u64.u32 %0, %1;", ["b64", "b32"], words, static row => (uint)row[0]);
        InstructionCheck.Equal("cvt.u64.s32 %0, %1;", ["b64", "b32"], words, static row => (ulong)(int)row[0]);
        InstructionCheck.Equal("cvt.u32.u64 %0, %1;", ["b32", "b64"], longs, static row => (uint)row[0]);
        InstructionCheck.Equal("cvt.s32.s16 %0, %1;", ["b32", "b16"], words, static row => (uint)(short)row[0]);
        InstructionCheck.Equal("cvt.u16.u32 %0, %1;", ["b16", "b32"], words, static row => (ushort)row[0]);
        InstructionCheck.Equal("cvt.s32.s8 %0, %1;", ["b32", "b32"], words, static row => (uint)(sbyte)row[0]);
        InstructionCheck.Equal("cvt.u32.u8 %0, %1;", ["b32", "b16"], words, static row => (byte)row[0]);
        InstructionCheck.Equal("cvt.s8.s32 %0, %1;", ["b16", "b32"], words, static row => (ushort)(sbyte)row[0]);
        InstructionCheck.Equal("cvt.sat.s8.s32 %0, %1;", ["b32", "b32"], words, static row => (uint)Math.Clamp((int)row[0], sbyte.MinValue, sbyte.MaxValue));
        InstructionCheck.Equal("cvt.sat.u16.s64 %0, %1;", ["b16", "b64"], longs, static row => (ulong)Math.Clamp((long)row[0], 0, ushort.MaxValue));
        InstructionCheck.Equal("cvt.sat.s32.u64 %0, %1;", ["b32", "b64"], longs, static row => Math.Min(row[0], int.MaxValue));
    }

    [Fact]
    public void From_floats_to_integers()
    {
        foreach ((string name, MidpointRounding rounding) in (ReadOnlySpan<(string, MidpointRounding)>)
            [("rni", MidpointRounding.ToEven), ("rzi", MidpointRounding.ToZero), ("rmi", MidpointRounding.ToNegativeInfinity), ("rpi", MidpointRounding.ToPositiveInfinity)])
        {
            Check<int>($"cvt.{name}.s32.f32", "b32", "f32", Operands.Singles, rounding, static value => (uint)value);
            Check<uint>($"cvt.{name}.u32.f32", "b32", "f32", Operands.Singles, rounding, static value => value);
            Check<sbyte>($"cvt.{name}.s8.f32", "b32", "f32", Operands.Singles, rounding, static value => (uint)value);
            Check<long>($"cvt.{name}.s64.f32", "b64", "f32", Operands.Singles, rounding, static value => (ulong)value);
            Check<ulong>($"cvt.{name}.u64.f64", "b64", "f64", Operands.Doubles, rounding, static value => value);
            Check<int>($"cvt.{name}.s32.f64", "b32", "f64", Operands.Doubles, rounding, static value => (uint)value);
        }
    }

    [Fact]
    public void From_integers_to_float32()
    {
        List<ulong[]> longs = Operands.Alone([.. Operands.Longs, 16777217, 16777219, 0x8000008000000000, 0x8000008000000001, 0x8000017fffffffff], 8);
        InstructionCheck.Equal("cvt.rn.f32.s32 %0, %1;", ["f32", "b32"], longs, static row => Bits((float)(int)row[0]));
        InstructionCheck.Equal("cvt.rn.f32.u32 %0, %1;", ["f32", "b32"], longs, static row => Bits((float)(uint)row[0]));
        InstructionCheck.Equal("cvt.rn.f32.s64 %0, %1;", ["f32", "b64"], longs, static row => Bits(Nearest((long)row[0])));
        InstructionCheck.Equal("cvt.rn.f32.u64 %0, %1;", ["f32", "b64"], longs, static row => Bits(Nearest(row[0])));
        InstructionCheck.Equal("cvt.rz.f32.u64 %0, %1;", ["f32", "b64"], longs, static row => Bits(Down(row[0])));
        InstructionCheck.Equal("cvt.rm.f32.u64 %0, %1;", ["f32", "b64"], longs, static row => Bits(Down(row[0])));
        InstructionCheck.Equal("cvt.rp.f32.u64 %0, %1;", ["f32", "b64"], longs, static row => Bits((BigInteger)Down(row[0]) == row[0] ? Down(row[0]) : MathF.BitIncrement(Down(row[0]))));
        InstructionCheck.Equal("cvt.rn.f64.s32 %0, %1;", ["f64", "b32"], longs, static row => BitConverter.DoubleToUInt64Bits((int)row[0]));
        InstructionCheck.Equal("cvt.rz.f64.u64 %0, %1;", ["f64", "b64"], longs, static row =>
        {
            double near = (double)row[0];
            return BitConverter.DoubleToUInt64Bits((BigInteger)near > row[0] ? Math.BitDecrement(near) : near);
        });
    }

    [Fact]
    public void Between_floats()
    {
        List<ulong[]> singles = Operands.Alone(Operands.Singles, 4);
        List<ulong[]> doubles = Operands.Alone(Operands.Doubles, 8);
        InstructionCheck.Equal("cvt.rn.f32.f64 %0, %1;", ["f32", "f64"], doubles, static row => Bits((float)Double(row[0])));
        InstructionCheck.Equal("cvt.rm.f32.f64 %0, %1;", ["f32", "f64"], doubles, static row =>
        {
            double value = Double(row[0]);
            return Bits((float)value > value ? MathF.BitDecrement((float)value) : (float)value);
        });
        InstructionCheck.Equal("cvt.f64.f32 %0, %1;", ["f64", "f32"], [.. singles.Where(static row => !float.IsNaN(Single(row[0])))], static row =>
            BitConverter.DoubleToUInt64Bits(Single(row[0])));
        InstructionCheck.Equal("cvt.rmi.f32.f32 %0, %1;", ["f32", "f32"], singles, static row => Bits(MathF.Floor(Single(row[0]))));
        InstructionCheck.Equal("cvt.rni.f32.f32 %0, %1;", ["f32", "f32"], singles, static row => Bits(MathF.Round(Single(row[0]), MidpointRounding.ToEven)));
        InstructionCheck.Equal("cvt.sat.f32.f32 %0, %1;", ["f32", "f32"], singles, static row =>
            Bits(Single(row[0]) >= 1 ? 1 : Single(row[0]) > 0 ? Single(row[0]) : 0));
    }

    private static void Check<T>(string opcode, string target, string source, ulong[] values, MidpointRounding rounding, Func<T, ulong> bits)
        where T : IBinaryInteger<T>, IMinMaxValue<T> =>
        InstructionCheck.Equal($"{opcode} %0, %1;", [target, source], Operands.Alone(values, source == "f32" ? 4 : 8), row =>
        {
            double value = source == "f32" ? Single(row[0]) : Double(row[0]);
            bool isLong = source == "f64" || target == "b64";
            return double.IsNaN(value)
                ? (isLong ? 1ul << (target == "b64" ? 63 : 31) : 0)
                : bits(T.CreateSaturating(Math.Round(value, rounding)));
        });

    private static float Nearest(BigInteger value)
    {
        BigInteger magnitude = BigInteger.Abs(value);
        float down = Down((ulong)magnitude);
        float up = MathF.BitIncrement(down);
        BigInteger toDown = magnitude - (BigInteger)down;
        BigInteger toUp = (BigInteger)up - magnitude;
        bool isDownEven = (BitConverter.SingleToUInt32Bits(down) & 1) == 0;
        float near = magnitude.IsZero || toDown < toUp || (toDown == toUp && isDownEven) || toDown.IsZero ? down : up;
        return value.Sign < 0 ? -near : near;
    }

    private static float Down(ulong value)
    {
        float near = (float)(double)value;
        while ((BigInteger)near > value)
        {
            near = MathF.BitDecrement(near);
        }

        return near;
    }

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(float value) => float.IsNaN(value) ? 0x7fffffff : BitConverter.SingleToUInt32Bits(value);
}
