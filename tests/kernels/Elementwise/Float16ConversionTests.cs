using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Elementwise;

/// <summary>Conversions of every float16, and of counts that are not a multiple of the vector width.</summary>
public sealed class Float16ConversionTests
{
    [Fact]
    public void EveryFloat16ConvertsLikeTheRuntime()
    {
        ushort[] halves = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] values = new float[halves.Length];
        Conversion.ToSingles(MemoryMarshal.AsBytes<ushort>(halves), ElementType.F16, values);
        for (int i = 0; i < halves.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
            Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(values[i]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(33)]
    public void AnyCountConvertsAndNothingElseIsWritten(int count)
    {
        ushort[] bfloats = [.. Enumerable.Range(0, count).Select(i => Conversion.ToBf16(i * 0.37f))];
        float[] values = new float[count + 1];
        values[count] = 42;
        Conversion.ToSingles(MemoryMarshal.AsBytes<ushort>(bfloats), ElementType.BF16, values.AsSpan(0, count));
        Assert.Equal(bfloats.Select(Conversion.ToSingle), values[..count]);
        Assert.Equal(42, values[count]);
    }
}
