using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>8-bit codes of keys and values against an exact search.</summary>
public sealed unsafe class KvQuantizerTests
{
    public static TheoryData<ElementType> Types => [.. KernelVariants.QuantizedKvTypes];

    [Theory]
    [MemberData(nameof(Types))]
    public void EveryCodeExpandsExactly(ElementType type)
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(code => (byte)(KvReader.IsCode((byte)code, type) ? code : 0))];
        new Random(3).Shuffle(codes);

        // Four steps of 32 columns, pairs side by side.
        const int Steps = 4, Columns = 32;
        ushort[] halves = new ushort[256];
        float[] singles = new float[256];
        fixed (byte* from = codes)
        fixed (ushort* half = halves)
        fixed (float* single = singles)
        {
            KvQuantizer.Expand(from, type, (byte*)single, ElementType.F32, Steps, Columns, allowVbmi: true);
            foreach (bool vbmi in new[] { true, false })
            {
                Array.Clear(halves);
                KvQuantizer.Expand(from, type, (byte*)half, ElementType.BF16, Steps, Columns, vbmi);
                for (int i = 0; i < 256; i++)
                {
                    float expected = KvReader.Value(codes[i], type);
                    Assert.Equal(expected, Conversion.ToSingle(halves[i]));
                    Assert.Equal(expected, singles[(i / (2 * Columns) * 2 * Columns) + (i % 2 * Columns) + (i / 2 % Columns)]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void CodesAreNearestAndTheScaleIsSmallest(ElementType type)
    {
        Random random = new(11);
        float[] special = [0f, -0f, float.Epsilon, -1e-42f, 1e-38f, 3e-5f, 1f, 127f, 448f, -65504f, 1e30f, -float.MaxValue];
        for (int round = 0; round < 400; round++)
        {
            float[] x = new float[1 + random.Next(160)];
            float size = MathF.ScaleB(1, random.Next(-140, 120));
            for (int i = 0; i < x.Length; i++)
            {
                // Multiples of a quarter of one size make ties.
                x[i] = round % 3 == 0 ? random.Next(-20, 21) * size / 4 : round % 3 == 1 ? (random.NextSingle() - 0.5f) * size : special[random.Next(special.Length)];
            }

            float factor = round % 2 == 0 ? 1f : 0.7f;
            (byte[] codes, float scale) = Encode(x, factor, type);
            float[] y = [.. x.Select(v => v * factor)];
            AssertSmallest(y.Max(MathF.Abs), scale, type);
            for (int i = 0; i < x.Length; i++)
            {
                Assert.True(
                    scale == 0 ? codes[i] == 0 : KvReader.Nearest(y[i] / scale, type) == KvReader.Value(codes[i], type),
                    $"{y[i]:R} with scale {scale:R}: code {codes[i]:X2}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void NaNAndInfinityGiveTheScaleNaN(ElementType type)
    {
        foreach (float wrong in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] x = ActivationRows.Random(80, 4);
            x[57] = wrong;
            (byte[] codes, float scale) = Encode(x, 1f, type);
            Assert.True(float.IsNaN(scale));
            Assert.False(codes.AsSpan().ContainsAnyExcept((byte)0));
        }
    }

    [Theory]
    [InlineData(ElementType.I8, 1e-2)]
    [InlineData(ElementType.F8E4M3, 4e-2)]
    public void TheErrorIsWithinTheFormatsPrecision(ElementType type, double most)
    {
        float[] x = ActivationRows.Random(128, 8, scale: 2f);
        (byte[] codes, float scale) = Encode(x, 1f, type);
        double error = 0;
        double power = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double difference = x[i] - ((double)KvReader.Value(codes[i], type) * scale);
            error += difference * difference;
            power += (double)x[i] * x[i];
        }

        Assert.InRange(Math.Sqrt(error / power), 1e-5, most);
    }

    private static (byte[] Codes, float Scale) Encode(float[] x, float factor, ElementType type)
    {
        byte[] codes = new byte[x.Length + 16];
        Array.Fill(codes, (byte)0xEE);
        fixed (float* from = x)
        fixed (byte* to = codes)
        {
            float scale = Conversion.ToSingle(KvQuantizer.Quantize(from, factor, to, x.Length, type));
            return (codes[..x.Length], scale);
        }
    }

    private static void AssertSmallest(float largest, float scale, ElementType type)
    {
        float levels = type == ElementType.I8 ? 127 : 448;
        float wanted = largest / levels;
        Assert.True(scale >= wanted, $"{scale:R} for {largest:R}.");
        uint bits = BitConverter.SingleToUInt32Bits(scale);
        Assert.Equal(0u, bits & 0xFFFF);
        Assert.True(bits == 0 || BitConverter.UInt32BitsToSingle(bits - 0x10000) < wanted, $"{scale:R} is not the smallest for {largest:R}.");
    }
}
