using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Tests.Support;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>
/// Attention in float64, as published: bias, rotation, per-head norm with weights on both queries and keys (or norm before rotation), and softmax over
/// all earlier positions. Each output has a bound for its rounding error. Keys and values by sequence and position may be supplied instead of being
/// computed.
/// </summary>
internal sealed class AttentionReference(
    AttentionInputs inputs, ElementType type, Func<int, int, (double[] Key, double[] Value)[]>? cached = null)
{
    private const double U = Rounding.Single;
    private readonly double _store = Rounding.OfStore(type);
    private readonly Dictionary<(int Sequence, int Position), (Vector[] Keys, double[][] Values)> _cache = [];

    /// <summary>The outputs [heads * head size] of a row, and the largest allowed difference from each.</summary>
    public (double[] Values, double[] Bounds) Row(int sequence, int position, int layer)
    {
        AttentionShape s = inputs.Shape;
        LayerParameters w = inputs.Parameters[layer];
        float[] row = inputs.Row(sequence, position, layer);
        (double[] values, double[] bounds) = (new double[s.Heads * s.HeadSize], new double[s.Heads * s.HeadSize]);
        for (int head = 0; head < s.Heads; head++)
        {
            Vector q = Prepare(row, head * s.HeadSize, w.Bias, position, w.QueryNorm is not null, w.NormsFirst ? w.QueryNorm : null);
            for (int i = 0; i < s.HeadSize; i++)
            {
                // The kernels multiply the query by the key's norm weight. The formula multiplies the key.
                double factor = (w.NormsFirst ? 1 : w.QueryNorm?[i] ?? 1) / Math.Sqrt(s.HeadSize);
                q.Values[i] *= factor;
                q.Errors[i] *= Math.Abs(factor);
            }

            Attend(sequence, position, head / s.GroupHeads, q, w.NormsFirst ? null : w.KeyNorm, values.AsSpan(head * s.HeadSize), bounds.AsSpan(head * s.HeadSize));
        }

        return (values, bounds);
    }

    private void Attend(int sequence, int position, int keyHead, Vector q, float[]? keyNorm, Span<double> values, Span<double> bounds)
    {
        int d = inputs.Shape.HeadSize;
        (Vector[] Keys, double[][] Values)[] cached = [.. Enumerable.Range(0, position + 1).Select(p => Cached(sequence, p))];
        double[] scores = new double[position + 1];
        double largest = double.NegativeInfinity;
        double magnitude = 0;
        double error = 0;
        for (int p = 0; p <= position; p++)
        {
            Vector k = cached[p].Keys[keyHead];
            double score = 0;
            double products = 0;
            double errors = 0;
            for (int i = 0; i < d; i++)
            {
                double weight = keyNorm?[i] ?? 1;
                score += q.Values[i] * (weight * k.Values[i]);
                double a = Math.Abs(q.Values[i] * weight);
                double b = Math.Abs(k.Values[i]);
                double da = Stored(a, (q.Errors[i] * Math.Abs(weight)) + (4 * U * a));
                double db = Stored(b, k.Errors[i]);
                products += (a + da) * (b + db);
                errors += (da * b) + (a * db) + (da * db);
            }

            scores[p] = score;
            largest = Math.Max(largest, score);
            magnitude = Math.Max(magnitude, Math.Abs(score));
            error = Math.Max(error, errors + (Rounding.Gamma(d + 2) * products));
        }

        // Errors of differences to a running maximum, and of an exponential (2 ulp) and a product per tile of 128 and segment of 4096.
        int tiles = (position / 128) + (position / 4096) + 2;
        error += (4 * U * (magnitude + error)) + (8 * U * tiles) + (4 * U);
        double mass = 0;
        for (int p = 0; p <= position; p++)
        {
            scores[p] = Math.Exp(scores[p] - largest);
            mass += scores[p];
        }

        int terms = Math.Min(position + 1, 4096) + (position / 4096) + 40;
        double relative = (Math.Exp(2 * error) * (1 + _store) * (1 + _store) * (1 + (3 * Rounding.Gamma(terms)))) - 1;
        for (int i = 0; i < d; i++)
        {
            double sum = 0;
            double absolute = 0;
            for (int p = 0; p <= position; p++)
            {
                double v = cached[p].Values[keyHead][i];
                sum += scores[p] * v;
                absolute += scores[p] * Math.Abs(v);
            }

            values[i] = sum / mass;
            double bound = (absolute / mass * relative) + ((position + 1) * 8 * Rounding.Flush);
            bounds[i] = bound + ((Math.Abs(values[i]) + bound) * (_store + (4 * U)));
        }
    }

    private (Vector[] Keys, double[][] Values) Cached(int sequence, int position)
    {
        if (_cache.TryGetValue((sequence, position), out (Vector[], double[][]) found))
        {
            return found;
        }

        if (cached is not null)
        {
            (double[] Key, double[] Value)[] given = cached(sequence, position);
            return _cache[(sequence, position)] = ([.. given.Select(g => new Vector(g.Key, new double[g.Key.Length]))], [.. given.Select(g => g.Value)]);
        }

        AttentionShape s = inputs.Shape;
        LayerParameters w = inputs.Parameters[0];
        float[] row = inputs.Row(sequence, position, 0);
        Vector[] keys = new Vector[s.KeyHeads];
        double[][] values = new double[s.KeyHeads][];
        for (int head = 0; head < s.KeyHeads; head++)
        {
            int at = (s.Heads + head) * s.HeadSize;
            keys[head] = Prepare(row, at, w.Bias, position, w.QueryNorm is not null, w.NormsFirst ? w.KeyNorm : null);
            at += s.KeyHeads * s.HeadSize;
            values[head] = new double[s.HeadSize];
            for (int i = 0; i < s.HeadSize; i++)
            {
                values[head][i] = (double)row[at + i] + (w.Bias?[at + i] ?? 0);
            }
        }

        return _cache[(sequence, position)] = (keys, values);
    }

    /// <summary>Bias, rotation and norm without weight, with the float32 error of each element. With a weight, norm and weight come before the rotation.</summary>
    private Vector Prepare(float[] row, int at, float[]? bias, int position, bool norm, float[]? weightFirst)
    {
        if (weightFirst is not null)
        {
            return PrepareNormed(row, at, bias, position, weightFirst);
        }

        int d = inputs.Shape.HeadSize;
        int half = d / 2;
        float[] angles = inputs.Angles(position);
        (double[] x, double[] e) = (new double[d], new double[d]);
        double squares = 0;
        for (int i = 0; i < half; i++)
        {
            double a = (double)row[at + i] + (bias?[at + i] ?? 0);
            double b = (double)row[at + half + i] + (bias?[at + half + i] ?? 0);
            double c = MathF.Cos(angles[i]);
            double s = MathF.Sin(angles[i]);
            x[i] = (a * c) - (b * s);
            x[half + i] = (b * c) + (a * s);
            e[i] = 4 * U * (Math.Abs(a * c) + Math.Abs(b * s));
            e[half + i] = 4 * U * (Math.Abs(b * c) + Math.Abs(a * s));
            squares += (x[i] * x[i]) + (x[half + i] * x[half + i]);
        }

        if (norm)
        {
            double scale = 1 / Math.Sqrt((squares / d) + LayerParameters.Eps);
            for (int i = 0; i < d; i++)
            {
                // Rotation errors change the norm by a relative error of at most 6 u, and those of its sum by gamma / 2.
                x[i] *= scale;
                e[i] = (e[i] * scale) + (Math.Abs(x[i]) * (d + 20) * U);
            }
        }

        return new Vector(x, e);
    }

    private Vector PrepareNormed(float[] row, int at, float[]? bias, int position, float[] weight)
    {
        int d = inputs.Shape.HeadSize;
        int half = d / 2;
        float[] angles = inputs.Angles(position);
        double[] normed = [.. Enumerable.Range(0, d).Select(i => (double)row[at + i] + (bias?[at + i] ?? 0))];
        double scale = 1 / Math.Sqrt((normed.Sum(static v => v * v) / d) + LayerParameters.Eps);
        (double[] x, double[] e) = (new double[d], new double[d]);
        for (int i = 0; i < half; i++)
        {
            (double a, double b) = (normed[i] * scale * weight[i], normed[half + i] * scale * weight[half + i]);
            (double c, double s) = (MathF.Cos(angles[i]), MathF.Sin(angles[i]));
            x[i] = (a * c) - (b * s);
            x[half + i] = (b * c) + (a * s);

            // Products of the norm and the weight add to the errors of rotation.
            e[i] = (d + 30) * U * (Math.Abs(a * c) + Math.Abs(b * s));
            e[half + i] = (d + 30) * U * (Math.Abs(b * c) + Math.Abs(a * s));
        }

        return new Vector(x, e);
    }

    private double Stored(double value, double error) => error + ((value + error) * _store) + Rounding.Flush;

    private sealed record Vector(double[] Values, double[] Errors);
}
