using System.Runtime.Intrinsics;
using HunyuanOrleans.Engine.Sampling;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Sampling;

public sealed class LogitVectorsTests
{
    public static TheoryData<int> Lengths => [1, 15, 16, 17, 31, 32, 33, 100, 4099];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Max_and_first_index_agree_with_a_plain_loop(int length)
    {
        var random = new Random(length);
        for (int round = 0; round < 50; round++)
        {
            float[] row = [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(-20, 20))];
            float max = LogitVectors.Max(row);
            Assert.Equal(row.Max(), max);
            Assert.Equal(Array.IndexOf(row, max), LogitVectors.FirstIndexOf(row, max));
            row[random.Next(length)] = float.NaN;
            Assert.True(float.IsNaN(LogitVectors.Max(row)));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Weights_and_their_sum_are_those_of_sixteen_scalar_lanes_bit_for_bit(int length)
    {
        var random = new Random(length);
        float[] row = [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 30) - 20)];
        row[random.Next(length)] = float.NegativeInfinity;
        float max = row.Max();
        float[] weights = new float[length];
        float sum = LogitVectors.ComputeWeights(row, max, 1.25f, weights);

        float[] lanes = new float[16];
        for (int i = 0; i < length; i++)
        {
            float weight = ScalarExp((row[i] - max) * 1.25f);
            Assert.Equal(BitConverter.SingleToInt32Bits(weight), BitConverter.SingleToInt32Bits(weights[i]));
            lanes[i % 16] += weight;
        }

        for (int half = 8; half >= 2; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                lanes[i] += lanes[i + half];
            }
        }

        Assert.Equal(BitConverter.SingleToInt32Bits(lanes[0] + lanes[1]), BitConverter.SingleToInt32Bits(sum));
    }

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place()
    {
        for (float x = 0; x > -87; x -= 0.00371f)
        {
            float got = LogitVectors.Exp(Vector512.Create(x))[0];
            double exact = Math.Exp(x);
            Assert.InRange(Math.Abs(got - exact) / exact, 0, 2.4e-7);
        }

        Assert.Equal(1f, LogitVectors.Exp(Vector512.Create(0f))[5]);
        Assert.Equal(0f, LogitVectors.Exp(Vector512.Create(-87.5f))[0]);
        Assert.Equal(0f, LogitVectors.Exp(Vector512.Create(float.NegativeInfinity))[0]);
    }

    private static float ScalarExp(float x)
    {
        if (!(x >= -87f))
        {
            return 0;
        }

        float n = (x * 1.44269504088896341f) + 12582912f;
        n -= 12582912f;
        float r = x - (n * 0.693359375f);
        r -= n * -2.12194440e-4f;
        float p = 1.9875691500e-4f;
        foreach (float c in (float[])[1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f])
        {
            p = (p * r) + c;
        }

        p = (p * (r * r)) + r;
        p += 1;
        return p * BitConverter.Int32BitsToSingle(((int)n + 127) << 23);
    }
}
