using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Elementwise;

/// <summary>Conversions to bfloat16 round to nearest, ties to even, and keep NaN; scalar and vector conversions agree.</summary>
public sealed unsafe class ConversionTests
{
    private static readonly uint[] LowerHalves = [0, 1, 2, 0x4000, 0x7FFF, 0x8000, 0x8001, 0xC000, 0xFFFE, 0xFFFF];

    [Fact]
    public void RoundsToNearestTiesToEven()
    {
        for (uint upper = 0; upper <= 0xFFFF; upper++)
        {
            foreach (uint lower in LowerHalves)
            {
                float value = BitConverter.UInt32BitsToSingle((upper << 16) | lower);
                ushort expected = Nearest(value, (ushort)upper);
                if (Conversion.ToBf16(value) != expected)
                {
                    Assert.Fail($"{upper:X4}{lower:X4} becomes {Conversion.ToBf16(value):X4}, expected {expected:X4}.");
                }
            }

            float back = Conversion.ToSingle((ushort)upper);
            Assert.Equal(upper << 16, BitConverter.SingleToUInt32Bits(back));
        }
    }

    [Fact]
    public void VectorsRoundLikeScalars()
    {
        uint* bits = stackalloc uint[16];
        ushort* stored = stackalloc ushort[16];
        Random random = new(1);
        for (int i = 0; i < 300_000; i++)
        {
            random.NextBytes(new Span<byte>(bits, 64));
            if (i % 4 == 0)
            {
                // Random bits rarely give NaN or infinity, so turn some values into them.
                bits[i / 4 % 16] |= 0x7F800000;
                bits[(i / 4 % 16) ^ 5] &= 0xFF80FFFF;
                bits[(i / 4 % 16) ^ 5] |= 0x7F800000;
                bits[(i / 4 % 16) ^ 9] = LowerHalves[i / 4 % LowerHalves.Length] | (bits[0] & 0xFFFF0000);
            }

            Conversion.StoreBf16(Vector512.Load((float*)bits), stored);
            Vector512<float> loaded = Conversion.LoadBf16(stored);
            for (int lane = 0; lane < 16; lane++)
            {
                ushort scalar = Conversion.ToBf16(BitConverter.UInt32BitsToSingle(bits[lane]));
                if (stored[lane] != scalar || loaded.AsUInt32()[lane] != (uint)scalar << 16)
                {
                    Assert.Fail($"{bits[lane]:X8} becomes {stored[lane]:X4} in a vector (read as {loaded.AsUInt32()[lane]:X8}), {scalar:X4} alone.");
                }
            }
        }
    }

    [Fact]
    public void EveryFloat16HasItsDefinedValue()
    {
        ushort[] halves = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] singles = new float[65536];
        Conversion.ToSingles(MemoryMarshal.AsBytes<ushort>(halves), ElementType.F16, singles);
        for (int i = 0; i < singles.Length; i++)
        {
            int exponent = (i >> 10) & 31;
            int mantissa = i & 1023;
            double expected = exponent switch
            {
                0 => mantissa * Math.Pow(2, -24),
                31 => mantissa == 0 ? double.PositiveInfinity : double.NaN,
                _ => (1024 + mantissa) * Math.Pow(2, exponent - 25),
            };
            Assert.Equal(i >= 32768 ? -expected : expected, singles[i]);
        }
    }

    [Fact]
    public void ShortSourcesAndOtherTypesAreRejected()
    {
        byte[] source = new byte[7];
        float[] target = new float[2];
        Assert.ThrowsAny<ArgumentException>(() => Conversion.ToSingles(source, ElementType.F32, target));
        Assert.ThrowsAny<ArgumentException>(() => Conversion.ToSingles(source, ElementType.I8, target));
        Conversion.ToSingles(source, ElementType.BF16, target);
    }

    private static ushort Nearest(float value, ushort truncated)
    {
        if (float.IsNaN(value))
        {
            return (ushort)(truncated | 0x40);
        }

        if (float.IsInfinity(value))
        {
            return truncated;
        }

        // The pattern after the largest finite one is infinity. For rounding it counts as 2^128.
        ushort next = (ushort)(truncated + 1);
        double low = Conversion.ToSingle(truncated);
        double high = Conversion.ToSingle(next);
        high = double.IsInfinity(high) ? Math.CopySign(Math.Pow(2, 128), low) : high;
        double below = Math.Abs(value - low);
        double above = Math.Abs(high - value);
        return below < above || (below == above && (truncated & 1) == 0) ? truncated : next;
    }
}
