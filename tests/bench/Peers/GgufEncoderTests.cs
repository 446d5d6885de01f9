using System.Buffers.Binary;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model;
using Xunit;

namespace HunyuanOrleans.Bench.Tests.Peers;

public sealed class GgufEncoderTests
{
    [Fact]
    public void Q8_0_has_a_float16_scale_and_a_code_for_each_value()
    {
        float[] values = new float[32];
        (values[0], values[1], values[31]) = (-254, 3, 100);
        byte[] block = Encode(GgufType.Q8_0, values);
        Assert.Equal(34, block.Length);
        Assert.Equal((Half)2, BinaryPrimitives.ReadHalfLittleEndian(block));
        Assert.Equal(-127, (sbyte)block[2]);

        // 1.5 rounds away from zero.
        Assert.Equal(2, (sbyte)block[3]);
        Assert.Equal(50, (sbyte)block[33]);
    }

    [Fact]
    public void Q4_0_keeps_value_i_and_value_i_plus_16_in_one_byte()
    {
        float[] values = new float[32];
        (values[0], values[16], values[1], values[17]) = (16, -4, -16, 2);
        byte[] block = Encode(GgufType.Q4_0, values);
        Assert.Equal(18, block.Length);

        // The largest magnitude is 16, which becomes -8 with the scale -2.
        Assert.Equal((Half)(-2), BinaryPrimitives.ReadHalfLittleEndian(block));
        Assert.Equal(0 | (10 << 4), block[2]);

        // +8 does not fit in 4 bits and becomes the largest code.
        Assert.Equal(15 | (7 << 4), block[3]);
        Assert.Equal(8 | (8 << 4), block[4]);
    }

    [Theory]
    [InlineData(GgufType.Q8_0)]
    [InlineData(GgufType.Q4_0)]
    public void Zeros_stay_zeros(object type) =>
        Assert.Equal((Half)0, Half.Abs(BinaryPrimitives.ReadHalfLittleEndian(Encode((GgufType)type, new float[32]))));

    [Fact]
    public void F16_rounds_every_value() =>
        Assert.Equal((Half)0.1f, BinaryPrimitives.ReadHalfLittleEndian(Encode(GgufType.F16, [2, 0.1f]).AsSpan(2)));

    [Fact]
    public void Rows_of_broken_blocks_are_refused() =>
        Assert.Contains("multiples of 32", Assert.Throws<ModelException>(() => GgufType.Q4_0.RowBytes(48)).Message, StringComparison.Ordinal);

    private static byte[] Encode(GgufType type, float[] values)
    {
        byte[] bytes = new byte[type.RowBytes(values.Length)];
        GgufEncoder.Encode(type, values, bytes);
        return bytes;
    }
}
