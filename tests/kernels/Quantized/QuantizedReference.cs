using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Quantisation and products one number at a time, in float64 and exact integers, without code of the kernels.</summary>
internal static class QuantizedReference
{
    /// <summary>Quantised rows: the values of the codes, and a scale for each row.</summary>
    public sealed record Codes(float[] Values, float[] Scales, int Columns);

    /// <summary>Quantises weights: scale = amax / 127, codes by division.</summary>
    public static Codes IntegerWeights(float[] w, int rows, int columns) =>
        Make(w, rows, columns, amax => amax / 127f, (v, scale, _) => scale > 0 ? Math.Clamp(MathF.Round(v / scale, MidpointRounding.ToEven), -127, 127) : 0);

    /// <summary>Quantises activations: scale = amax / 127, codes by multiplication with the reciprocal.</summary>
    public static Codes IntegerRows(float[] x, int rows, int columns) =>
        Make(x, rows, columns, amax => amax / 127f, (v, scale, amax) => scale > 0 ? Math.Clamp(MathF.Round(v * (127f / amax), MidpointRounding.ToEven), -127, 127) : 0);

    /// <summary>Quantises to e4m3 by division by a given scale, or by amax / 448.</summary>
    public static Codes FloatRows(float[] x, int rows, int columns, float given = 0) =>
        Make(x, rows, columns, amax => given > 0 ? given : amax / 448f, (v, scale, _) => scale > 0 ? NearestE4M3(v / scale) : 0);

    /// <summary>The exact bits of integer products.</summary>
    public static float[] IntegerProducts(Codes x, Codes w)
    {
        int tokens = x.Scales.Length;
        int rows = w.Scales.Length;
        float[] y = new float[tokens * rows];
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                long sum = 0;
                for (int i = 0; i < x.Columns; i++)
                {
                    sum += (long)x.Values[(t * x.Columns) + i] * (long)w.Values[(r * x.Columns) + i];
                }

                float value = (float)(int)sum * w.Scales[r];
                y[(t * rows) + r] = value * x.Scales[t];
            }
        }

        return y;
    }

    /// <summary>The value of a code, by the definition of the format.</summary>
    public static double E4M3Value(int code)
    {
        int exponent = (code >> 3) & 15;
        int mantissa = code & 7;
        double magnitude = (code & 0x7F) == 0x7F ? double.NaN
            : exponent == 0 ? mantissa * Math.Pow(2, -9)
            : (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
        return code >= 128 ? -magnitude : magnitude;
    }

    /// <summary>The nearest value of any code, found by search. Ties go to the even code, values beyond the largest to the largest.</summary>
    public static float NearestE4M3(float value)
    {
        if (float.IsNaN(value))
        {
            return float.NaN;
        }

        double magnitude = Math.Min(Math.Abs((double)value), 448);
        int best = 0;
        for (int code = 1; code < 127; code++)
        {
            double distance = Math.Abs(E4M3Value(code) - magnitude);
            double bestDistance = Math.Abs(E4M3Value(best) - magnitude);
            if (distance < bestDistance || (distance == bestDistance && code % 2 == 0))
            {
                best = code;
            }
        }

        return (float)(float.IsNegative(value) ? -E4M3Value(best) : E4M3Value(best));
    }

    private static Codes Make(float[] values, int rows, int columns, Func<float, float> scaleOf, Func<float, float, float, float> codeOf)
    {
        float[] codes = new float[values.Length];
        float[] scales = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            Span<float> from = values.AsSpan(row * columns, columns);
            float amax = 0;
            foreach (float value in from)
            {
                amax = MathF.Max(amax, MathF.Abs(value));
            }

            scales[row] = scaleOf(amax);
            for (int i = 0; i < columns; i++)
            {
                codes[(row * columns) + i] = codeOf(from[i], scales[row], amax);
            }
        }

        return new Codes(codes, scales, columns);
    }
}
