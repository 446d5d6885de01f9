using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class FloatInstructionTests
{
    private const uint Nan = 0x7fffffff;

    [Fact]
    public void Arithmetic_of_float32_is_IEEE_with_one_kind_of_NaN()
    {
        Binary("add.rn.f32", static (a, b) => a + b);
        Binary("sub.rn.f32", static (a, b) => a - b);
        Binary("mul.rn.f32", static (a, b) => a * b);
        Binary("div.rn.f32", static (a, b) => a / b);
        InstructionCheck.Equal("fma.rn.f32 %0, %1, %2, %3;", ["f32", "f32", "f32", "f32"], Operands.Triples(Operands.Singles, 4), static row =>
            Bits(MathF.FusedMultiplyAdd(Single(row[0]), Single(row[1]), Single(row[2]))));
        Unary("sqrt.rn.f32", static a => MathF.Sqrt(a));
        Unary("rcp.rn.f32", static a => 1 / a);
    }

    [Fact]
    public void Maximum_and_minimum_prefer_numbers_and_order_zeros()
    {
        Binary("max.f32", static (a, b) => float.IsNaN(a) ? b : float.IsNaN(b) ? a : a == 0 && b == 0 ? (float.IsNegative(a) ? b : a) : a > b ? a : b);
        Binary("min.f32", static (a, b) => float.IsNaN(a) ? b : float.IsNaN(b) ? a : a == 0 && b == 0 ? (float.IsNegative(a) ? a : b) : a < b ? a : b);
    }

    [Fact]
    public void Signs_of_float32()
    {
        List<ulong[]> rows = Operands.Alone(Operands.Singles, 4);
        InstructionCheck.Equal("neg.f32 %0, %1;", ["f32", "f32"], rows, static row => row[0] ^ 0x80000000);
        InstructionCheck.Equal("abs.f32 %0, %1;", ["f32", "f32"], rows, static row => row[0] & 0x7fffffff);
        List<ulong[]> pairs = Operands.Pairs(Operands.Singles, Operands.Singles, 4);
        InstructionCheck.Equal(
            "copysign.f32 %0, %1, %2;", ["f32", "f32", "f32"], pairs, static row => (row[0] & 0x80000000) | (row[1] & 0x7fffffff));
    }

    [Fact]
    public void Comparisons_know_NaN()
    {
        Compare("eq", static (a, b) => a == b);
        Compare("ne", static (a, b) => a < b || a > b);
        Compare("lt", static (a, b) => a < b);
        Compare("le", static (a, b) => a <= b);
        Compare("gt", static (a, b) => a > b);
        Compare("ge", static (a, b) => a >= b);
        Compare("equ", static (a, b) => IsUnordered(a, b) || a == b);
        Compare("neu", static (a, b) => IsUnordered(a, b) || a != b);
        Compare("ltu", static (a, b) => IsUnordered(a, b) || a < b);
        Compare("leu", static (a, b) => IsUnordered(a, b) || a <= b);
        Compare("gtu", static (a, b) => IsUnordered(a, b) || a > b);
        Compare("geu", static (a, b) => IsUnordered(a, b) || a >= b);
        Compare("num", static (a, b) => !IsUnordered(a, b));
        Compare("nan", IsUnordered);
        InstructionCheck.Equal(
            "testp.notanumber.f32 %0, %1;", ["pred", "f32"], Operands.Alone(Operands.Singles, 4), static row => float.IsNaN(Single(row[0])) ? 1ul : 0);
        InstructionCheck.Equal(
            "testp.infinite.f32 %0, %1;", ["pred", "f32"], Operands.Alone(Operands.Singles, 4), static row => float.IsInfinity(Single(row[0])) ? 1ul : 0);
    }

    [Fact]
    public void Arithmetic_of_float64()
    {
        List<ulong[]> rows = [.. Operands.Pairs(Operands.Doubles, Operands.Doubles, 8).Where(static row => row.All(static bits => double.IsFinite(Double(bits))))];
        Check("add.rn.f64", static (a, b) => a + b);
        Check("sub.rn.f64", static (a, b) => a - b);
        Check("mul.rn.f64", static (a, b) => a * b);
        Check("max.f64", Math.Max);
        Check("min.f64", Math.Min);
        InstructionCheck.Equal("fma.rn.f64 %0, %1, %2, %2;", ["f64", "f64", "f64"], rows, static row =>
            BitConverter.DoubleToUInt64Bits(Math.FusedMultiplyAdd(Double(row[0]), Double(row[1]), Double(row[1]))));

        void Check(string opcode, Func<double, double, double> reference) => InstructionCheck.Equal(
            $"{opcode} %0, %1, %2;", ["f64", "f64", "f64"], rows, row => BitConverter.DoubleToUInt64Bits(reference(Double(row[0]), Double(row[1]))));
    }

    private static void Binary(string opcode, Func<float, float, float> reference) => InstructionCheck.Equal(
        $"{opcode} %0, %1, %2;",
        ["f32", "f32", "f32"],
        Operands.Pairs(Operands.Singles, Operands.Singles, 4),
        row => Bits(reference(Single(row[0]), Single(row[1]))));

    private static void Unary(string opcode, Func<float, float> reference) =>
        InstructionCheck.Equal($"{opcode} %0, %1;", ["f32", "f32"], Operands.Alone(Operands.Singles, 4), row => Bits(reference(Single(row[0]))));

    private static void Compare(string name, Func<float, float, bool> reference) => InstructionCheck.Equal(
        $"setp.{name}.f32 %0, %1, %2;",
        ["pred", "f32", "f32"],
        Operands.Pairs(Operands.Singles, Operands.Singles, 4),
        row => reference(Single(row[0]), Single(row[1])) ? 1ul : 0);

    private static bool IsUnordered(float a, float b) => float.IsNaN(a) || float.IsNaN(b);

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(float value) => float.IsNaN(value) ? Nan : BitConverter.SingleToUInt32Bits(value);
}
