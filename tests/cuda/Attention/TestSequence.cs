using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Projected rows of a sequence, made from a seed, and the positions that their rotary angles belong to.</summary>
internal sealed class TestSequence
{
    /// <summary>Makes rows of normally distributed elements.</summary>
    public TestSequence(int seed, int length, int columns)
    {
        Random random = new(seed);
        Rows = new float[length][];
        for (int i = 0; i < length; i++)
        {
            Rows[i] = new float[columns];
            for (int c = 0; c < columns; c++)
            {
                Rows[i][c] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            }
        }
    }

    /// <summary>The rows by position.</summary>
    public float[][] Rows { get; }

    /// <summary>Writes the cosines and sines of a position.</summary>
    public static void Angles(int position, Span<float> cos, Span<float> sin)
    {
        for (int i = 0; i < cos.Length; i++)
        {
            (double s, double c) = Math.SinCos(position * Math.Pow(10_000, -(double)i / cos.Length));
            (cos[i], sin[i]) = ((float)c, (float)s);
        }
    }

    /// <summary>Parameters with everything that a layer can have.</summary>
    public static AttentionParameters Weights(int seed, int columns, int headSize, bool bias, bool norm)
    {
        Random random = new(seed);
        float[] Make(int count, float from, float to) => [.. Enumerable.Range(0, count).Select(_ => from + ((to - from) * random.NextSingle()))];
        return new AttentionParameters(
            bias ? Make(columns, -0.5f, 0.5f) : null, norm ? Make(headSize, 1f, 2f) : null, norm ? Make(headSize, 0.5f, 2f) : null, 1e-5f);
    }
}
