using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>e4m3 floats: the value of every code, and rounding against a search for the nearest value.</summary>
public sealed unsafe class E4M3Tests
{
    [Fact]
    public void EveryCodeHasItsValue()
    {
        for (int code = 0; code < 256; code++)
        {
            float expected = (float)QuantizedReference.E4M3Value(code);
            float actual = E4M3.ToSingle((byte)code);
            Assert.Equal(float.IsNaN(expected), float.IsNaN(actual));
            if (!float.IsNaN(expected))
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(actual));
                Assert.Equal(actual, Conversion.ToSingle(Conversion.ToBf16(actual)));
            }

            Assert.Equal(code, E4M3.FromSingle(actual));
        }
    }

    [Fact]
    public void RoundsToNearestTiesToEven()
    {
        List<float> values = [0, -0f, 1e-30f, float.Epsilon, 448, 449, 463, 464, 465, 1e30f, float.MaxValue, float.PositiveInfinity, float.NaN];
        for (int code = 0; code < 126; code++)
        {
            float middle = (float)((QuantizedReference.E4M3Value(code) + QuantizedReference.E4M3Value(code + 1)) / 2);
            values.AddRange([middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle)]);
        }

        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            values.Add((random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-14, 12)));
        }

        foreach (float value in values.SelectMany(v => new[] { v, -v }))
        {
            float expected = QuantizedReference.NearestE4M3(value);
            float actual = E4M3.ToSingle(E4M3.FromSingle(value));
            Assert.True(float.IsNaN(expected) ? float.IsNaN(actual) : expected == actual && float.IsNegative(expected) == float.IsNegative(actual), $"{value:R} became {actual:R}, not {expected:R}.");
        }
    }

    [Fact]
    public void PanelsOfEveryCodeExpandExactly()
    {
        using NativeBuffer source = new(1024);
        using NativeBuffer target = new(2048);
        for (int panels = 1; panels <= 4; panels++)
        {
            Span<byte> codes = source.Slice(0, panels * 64 * (4 / panels));
            for (int i = 0; i < codes.Length; i++)
            {
                codes[i] = (byte)i;
            }

            foreach (InstructionSet isa in InstructionSets.Available)
            {
                target.Slice(0, 2048).Clear();
                ushort* values = (ushort*)E4M3Expansion.Expand(isa, source.Pointer, 4 / panels, panels, target.Pointer);
                for (int i = 0; i < codes.Length; i++)
                {
                    (int step, int lane, int place) = (i / (panels * 64), i / 4 % (panels * 16), i % 4);
                    int column = place switch { 1 => 2, 2 => 1, _ => place };
                    ushort value = values[(((step * 2) + (column / 2)) * panels * 32) + (lane * 2) + (column % 2)];
                    Assert.Equal(Conversion.ToBf16(E4M3.ToSingle(codes[i])), value);
                }
            }
        }
    }
}
