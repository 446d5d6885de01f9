using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Packing;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>The guarantees of the search for 4-bit codes, checked one number at a time in float64.</summary>
public sealed unsafe class Int4GroupQuantizerTests
{
    private const int Lanes = 16;
    private const int Columns = 32;

    /// <summary>Distributions of random values.</summary>
    public static TheoryData<string> Shapes => ["normal", "uniform", "one large", "two signs", "sparse", "rising", "tiny", "huge", "halves"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void NeverWorseThanPlainScaling(string shape)
    {
        Random random = new(shape.Length);
        double found = 0;
        double plain = 0;
        for (int round = 0; round < 200; round++)
        {
            float[] values = Make(shape, random);
            (int[] codes, Half[] scales) = Quantize(values);
            for (int row = 0; row < Lanes; row++)
            {
                double error = Error(values, row, column => codes[(column * Lanes) + row], scales[row]);
                float extreme = Enumerable.Range(0, Columns).Select(c => values[(c * Lanes) + row]).MaxBy(MathF.Abs);
                Half simple = (Half)(extreme / -8f);
                double other = Error(values, row, column => Nearest(values[(column * Lanes) + row], simple), simple);
                Assert.True(error <= (other * 1.00001) + 1e-30, $"{shape}: {error} is worse than {other}.");
                found += error;
                plain += other;
            }
        }

        Assert.True(found <= plain);
        if (shape == "normal")
        {
            // The search improves on plain scaling for weights, which are about normally distributed.
            Assert.True(found < 0.92 * plain, $"{found} of {plain}.");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ScalesAreThoseOfASearchThroughAllCandidatesInOrder(string shape)
    {
        Random random = new(shape.Length + 100);
        for (int round = 0; round < 100; round++)
        {
            float[] values = Make(shape, random);
            (int[] codes, Half[] scales) = Quantize(values);
            for (int row = 0; row < Lanes; row++)
            {
                float[] group = [.. Enumerable.Range(0, Columns).Select(column => values[(column * Lanes) + row])];
                Half expected = Search(group);
                Assert.Equal(BitConverter.HalfToUInt16Bits(expected), BitConverter.HalfToUInt16Bits(scales[row]));
                float[] found = Encode(group, expected == Half.Zero ? 0 : 1 / (float)expected);
                for (int column = 0; column < Columns; column++)
                {
                    Assert.Equal((int)found[column], codes[(column * Lanes) + row]);
                }
            }
        }
    }

    [Fact]
    public void CodesAreTheNearest()
    {
        float[] values = Make("normal", new Random(4));
        (int[] codes, Half[] scales) = Quantize(values);
        for (int i = 0; i < codes.Length; i++)
        {
            double exact = values[i] / (double)scales[i % Lanes];
            double distance = Math.Abs(exact - codes[i]);
            Assert.True(distance <= 0.50001 || (exact > 7 && codes[i] == 7) || (exact < -8 && codes[i] == -8), $"{exact} became {codes[i]}.");
        }
    }

    [Fact]
    public void ValuesThatCodesCanExpressAreExact()
    {
        Random random = new(5);
        float[] values = new float[Columns * Lanes];
        int[] expected = new int[values.Length];
        Half[] scales = new Half[Lanes];
        for (int row = 0; row < Lanes; row++)
        {
            scales[row] = (Half)((random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-5, 4)));
            for (int column = 0; column < Columns; column++)
            {
                expected[(column * Lanes) + row] = column == row ? -8 : random.Next(-8, 8);
                values[(column * Lanes) + row] = expected[(column * Lanes) + row] * (float)scales[row];
            }
        }

        (int[] codes, Half[] found) = Quantize(values);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(values[i], codes[i] * (float)found[i % Lanes]);
        }
    }

    [Fact]
    public void ConstantRowsAndZerosAreKept()
    {
        float[] values = new float[Columns * Lanes];
        float[] constants = [0f, -0f, 1f, -1f, 0.1f, -0.3f, 3e-5f, 4e-7f, -1e-12f, 1e-45f, 70000f, -524032f, 524032f, 7f, 1e-3f, -2f];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = constants[i % Lanes];
        }

        (int[] codes, Half[] scales) = Quantize(values);
        for (int row = 0; row < Lanes; row++)
        {
            float constant = constants[row];
            for (int column = 0; column < Columns; column++)
            {
                double value = codes[(column * Lanes) + row] * (double)scales[row];

                // Half a unit in the last place of float16, or for very small values eight times half the smallest float16.
                double bound = Math.Max(Math.Abs(constant) / 2048, 8 * Math.Pow(2, -25));
                Assert.True(Math.Abs(value - constant) <= bound, $"{constant} became {value}.");
                if (MathF.Abs(constant) < 1e-10f)
                {
                    Assert.Equal(0, codes[(column * Lanes) + row]);
                    Assert.Equal(Half.Zero, scales[row]);
                }
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(600_000f)]
    [InlineData(-3e38f)]
    public void ValuesBeyondEveryScaleMakeTheirGroupNaN(float value)
    {
        float[] values = Make("normal", new Random(6));
        (int[] codes, Half[] scales) = Quantize(values);
        for (int column = 0; column < Columns; column += 31)
        {
            float[] changed = [.. values];
            changed[(column * Lanes) + 3] = value;
            (int[] others, Half[] found) = Quantize(changed);
            for (int row = 0; row < Lanes; row++)
            {
                Assert.Equal(row == 3, Half.IsNaN(found[row]));
                for (int c = 0; c < Columns; c++)
                {
                    Assert.Equal(row == 3 ? 0 : codes[(c * Lanes) + row], others[(c * Lanes) + row]);
                }

                Assert.True(row == 3 || found[row] == scales[row]);
            }
        }
    }

    [Fact]
    public void RoundsToFloat16LikeTheRuntime()
    {
        Random random = new(7);
        float[] values = new float[16];
        for (int i = 0; i < 200_000; i += values.Length)
        {
            for (int lane = 0; lane < values.Length; lane++)
            {
                // Every float16 value, and values near the middle between two of them.
                float low = (float)BitConverter.UInt16BitsToHalf((ushort)(i + lane));
                float high = (float)BitConverter.UInt16BitsToHalf((ushort)(i + lane + 1));
                float middle = low + ((high - low) / 2);
                values[lane] = random.Next(5) switch
                {
                    0 => low,
                    1 => middle,
                    2 => MathF.BitIncrement(middle),
                    3 => MathF.BitDecrement(middle),
                    _ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)),
                };
            }

            float[] rounded = new float[16];
            Vector512<float> all = Float16.Round16(Vector512.Create(values));
            all.CopyTo(rounded);
            ushort[] stored = new ushort[16];
            fixed (ushort* to = stored)
            {
                Float16.Store16(all, to);
            }

            for (int lane = 0; lane < values.Length; lane++)
            {
                float expected = (float)(Half)values[lane];
                Assert.True(expected.Equals(rounded[lane]), $"{values[lane]:R} became {rounded[lane]:R}, not {expected:R}.");
                Assert.True(float.IsNaN(expected) || stored[lane] == BitConverter.HalfToUInt16Bits((Half)rounded[lane]), $"{rounded[lane]:R} was stored as {stored[lane]:X4}.");
            }
        }
    }

    // The search as it is defined, in float32, one candidate after the other and one number at a time.
    private static Half Search(float[] group)
    {
        float extreme = group.MaxBy(MathF.Abs);
        Half best = Half.Zero;
        float least = float.PositiveInfinity;
        Half plain = (Half)(extreme / -8f);
        Keep(Encode(group, plain == Half.Zero ? 0 : 1 / (float)plain), plain);
        foreach (float candidate in new[] { -7f, -7.5f, -8f, -8.5f, -9f, -9.5f, -10f, 6.5f, 7f, 7.5f, 8f, 8.5f, 9f })
        {
            float[] codes = Encode(group, MathF.Abs(extreme) > 1f / (1 << 30) ? candidate / extreme : 0);
            float products = 0, squares = 0;
            for (int i = 0; i < Columns; i++)
            {
                products = MathF.FusedMultiplyAdd(codes[i], group[i], products);
                squares = MathF.FusedMultiplyAdd(codes[i], codes[i], squares);
            }

            Keep(codes, (Half)(products / squares));
        }

        // Zero is stored without a sign.
        return best == Half.Zero ? Half.Zero : best;

        void Keep(float[] codes, Half scale)
        {
            float error = 0;
            for (int i = 0; i < Columns; i++)
            {
                float difference = MathF.FusedMultiplyAdd(codes[i], -(float)scale, group[i]);
                error = MathF.FusedMultiplyAdd(difference, difference, error);
            }

            if (error < least)
            {
                least = error;
                best = scale;
            }
        }
    }

    private static float[] Encode(float[] group, float factor) =>
        [.. group.Select(value => Math.Clamp(MathF.Round(value * factor, MidpointRounding.ToEven), -8, 7))];

    private static (int[] Codes, Half[] Scales) Quantize(float[] values)
    {
        const int Stride = 48;
        uint[] words = new uint[4 * Stride];
        Half[] scales = new Half[Lanes];
        fixed (float* from = values)
        fixed (uint* to = words)
        fixed (Half* s = scales)
        {
            Int4GroupQuantizer.Quantize(from, to, Stride, s);
        }

        int[] codes = new int[values.Length];
        for (int column = 0; column < Columns; column++)
        {
            for (int row = 0; row < Lanes; row++)
            {
                int inWord = column % 8;
                int bit = inWord < 4 ? inWord * 8 : ((inWord - 4) * 8) + 4;
                codes[(column * Lanes) + row] = (int)((words[(column / 8 * Stride) + row] >> bit) & 15) - 8;
            }
        }

        return (codes, scales);
    }

    private static float[] Make(string shape, Random random)
    {
        float[] values = new float[Columns * Lanes];
        for (int i = 0; i < values.Length; i++)
        {
            int column = i / Lanes;
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(shape switch
            {
                "normal" => normal * 0.02,
                "uniform" => random.NextDouble() - 0.5,
                "one large" => column == i % Lanes ? normal * 30 : normal,
                "two signs" => (column % 2 == 0 ? 1 : -1) * (1 + (normal * 0.01)),
                "sparse" => random.Next(10) == 0 ? normal : 0,
                "rising" => column - 5.0,
                "tiny" => normal * 1e-6,
                "huge" => Math.Clamp(normal * 1e5, -5e5, 5e5),
                _ => (double)(Half)normal,
            });
        }

        return values;
    }

    private static int Nearest(float value, Half scale) =>
        scale == Half.Zero ? 0 : (int)Math.Clamp(Math.Round(value / (double)scale), -8, 7);

    private static double Error(float[] values, int row, Func<int, int> code, Half scale)
    {
        double sum = 0;
        for (int column = 0; column < Columns; column++)
        {
            double difference = values[(column * Lanes) + row] - (code(column) * (double)scale);
            sum += difference * difference;
        }

        return sum;
    }
}
