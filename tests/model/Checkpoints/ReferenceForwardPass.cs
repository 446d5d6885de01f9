using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>
/// Computes the forward pass of one sequence in simple loops that follow the formulas, without a cache. It is slow and supports only models
/// with qk-norm and without biases. Matrices may be 8-bit floats with stored scales.
/// </summary>
internal sealed class ReferenceForwardPass(Weights weights)
{
    private readonly ModelConfig config = weights.Config;

    /// <summary>Root mean square of the residual stream after the embedding and after each layer.</summary>
    public List<double> ResidualRms { get; } = [];

    /// <summary>Number of tokens routed to each expert, [layer][expert].</summary>
    public List<int[]> ExpertUse { get; } = [];

    /// <summary>Logits of every position, [tokens][vocab].</summary>
    public float[][] Run(int[] ids)
    {
        float[][] x = Array.ConvertAll(ids, id =>
        {
            var row = new float[config.HiddenSize];
            weights.Embedding().ReadRow(id, row);
            return row;
        });
        ResidualRms.Add(Rms(x));
        float[][] k = [];
        float[][] v = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            float[][] h = Norm(x, weights.InputNorm(layer));
            RowSource query = weights.Query(layer);
            RowSource[] together = config.IsSelfLayer(layer) ? [query, weights.Key(layer), weights.Value(layer)] : [query];
            if (config.IsSelfLayer(layer))
            {
                k = Multiply(weights.Key(layer), h, together);
                v = Multiply(weights.Value(layer), h, together);
            }

            float[][] q = NormAndRotate(Multiply(query, h, together), weights.QueryNorm(layer)!);
            Add(x, Multiply(weights.AttentionOutput(layer), Attend(q, NormAndRotate(k, weights.KeyNorm(layer)!), v)));
            h = Norm(x, weights.PostAttentionNorm(layer));
            Add(x, Moe(layer, h));
            ResidualRms.Add(Rms(x));
        }

        return Multiply(weights.LmHead(), Norm(x, weights.FinalNorm()));
    }

    private float[][] Moe(int layer, float[][] h)
    {
        if (!config.IsMoeLayer(layer))
        {
            return Mlp(weights.Dense(layer), h);
        }

        float[][] result = config.SharedExperts(layer) > 0 ? Mlp(weights.Shared(layer), h) : [.. h.Select(r => new float[r.Length])];
        var use = new int[config.Experts];
        float[][] logits = Multiply(weights.RouterGate(layer), h);
        int topK = config.TopK(layer);
        for (int token = 0; token < h.Length; token++)
        {
            bool sigmoid = config.SigmoidRouter is not null;
            float[] p = sigmoid ? [.. logits[token].Select(z => 1 / (1 + MathF.Exp(-z)))] : Softmax(logits[token]);
            float[] bias = weights.RouterBias(layer)?.ToSingles() ?? new float[p.Length];
            int[] chosen = [.. Enumerable.Range(0, p.Length).OrderByDescending(e => p[e] + bias[e]).Take(topK)];
            float sum = sigmoid ? chosen.Sum(e => p[e]) / config.SigmoidRouter!.Scale : topK == 1 ? 1 : chosen.Sum(e => p[e]);
            foreach (int expert in chosen)
            {
                use[expert]++;
                float[] y = Mlp(weights.Expert(layer, expert), [h[token]])[0];
                for (int i = 0; i < y.Length; i++)
                {
                    result[token][i] += p[expert] / sum * y[i];
                }
            }
        }

        ExpertUse.Add(use);
        return result;
    }

    private static float[][] Mlp(MlpRows rows, float[][] h)
    {
        float[][] gate = Multiply(rows.Gate, h, rows.Gate, rows.Up);
        float[][] up = Multiply(rows.Up, h, rows.Gate, rows.Up);
        for (int t = 0; t < h.Length; t++)
        {
            for (int i = 0; i < gate[t].Length; i++)
            {
                gate[t][i] = gate[t][i] / (1 + MathF.Exp(-gate[t][i])) * up[t][i];
            }
        }

        return Multiply(rows.Down, gate);
    }

    private float[][] Attend(float[][] q, float[][] k, float[][] v)
    {
        int d = config.HeadDim;
        return [.. q.Select((row, token) =>
        {
            var output = new float[row.Length];
            for (int head = 0; head < config.Heads; head++)
            {
                int kv = head / config.QueryGroup * d;
                float[] p = Softmax([.. k.Take(token + 1).Select(key => Dot(row.AsSpan(head * d, d), key.AsSpan(kv, d)) / MathF.Sqrt(d))]);
                for (int s = 0; s <= token; s++)
                {
                    for (int i = 0; i < d; i++)
                    {
                        output[(head * d) + i] += p[s] * v[s][kv + i];
                    }
                }
            }

            return output;
        })];
    }

    private float[][] NormAndRotate(float[][] rows, RowSource weight) =>
        config.NormsBeforeRotary ? Rotate(HeadNorm(rows, weight)) : HeadNorm(Rotate(rows), weight);

    private float[][] Rotate(float[][] rows)
    {
        int half = config.HeadDim / 2;
        double theta = config.Rope.Theta * Math.Pow(Math.Max(1, config.Rope.Alpha), config.HeadDim / (config.HeadDim - 2.0));
        return [.. rows.Select((row, position) => row.Select((value, at) =>
        {
            int i = at % config.HeadDim;
            (double sin, double cos) = Math.SinCos(position * Math.Pow(theta, -2.0 * (i % half) / config.HeadDim));
            return (float)((value * cos) + ((i < half ? -row[at + half] : row[at - half]) * sin));
        }).ToArray())];
    }

    private float[][] HeadNorm(float[][] rows, RowSource weight) =>
        [.. rows.Select(row => row.Chunk(config.HeadDim).SelectMany(head => Norm([head], weight)[0]).ToArray())];

    private float[][] Norm(float[][] rows, RowSource weight)
    {
        float[] w = weight.ToSingles();
        return [.. rows.Select(row =>
        {
            float scale = 1 / MathF.Sqrt((Dot(row, row) / row.Length) + config.RmsNormEps);
            return row.Select((value, i) => w[i] * value * scale).ToArray();
        })];
    }

    // Matrices that are computed together use the largest of their input scales.
    private static float[][] Multiply(RowSource matrix, float[][] input, params RowSource[] together)
    {
        if (matrix.Ranges[0].Scales is not null)
        {
            return MultiplyFloats8(matrix, input, together.Append(matrix).Max(m => m.Ranges[0].Scales!.InputScale!.Value));
        }

        float[][] output = [.. input.Select(_ => new float[matrix.Rows])];
        var row = new float[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.ReadRow(r, row);
            for (int t = 0; t < input.Length; t++)
            {
                output[t][r] = Dot(row, input[t]);
            }
        }

        return output;
    }

    private static float[][] MultiplyFloats8(RowSource matrix, float[][] input, float inputScale)
    {
        float[][] rounded = [.. input.Select(row => row.Select(v => E4M3.ToSingle(E4M3.FromSingle(v / inputScale))).ToArray())];
        float[][] output = [.. input.Select(_ => new float[matrix.Rows])];
        int at = 0;
        foreach (RowRange range in matrix.Ranges)
        {
            float scale = BitConverter.ToSingle(range.Scales!.Scales.Slice(0, sizeof(float)));
            for (int r = 0; r < range.RowCount; r++, at++)
            {
                float[] row = [.. range.Row(r).ToArray().Select(E4M3.ToSingle)];
                for (int t = 0; t < input.Length; t++)
                {
                    output[t][at] = Dot(row, rounded[t]) * inputScale * scale;
                }
            }
        }

        return output;
    }

    private static float[] Softmax(float[] values)
    {
        float max = values.Max();
        float[] e = [.. values.Select(v => MathF.Exp(v - max))];
        float sum = e.Sum();
        return [.. e.Select(v => v / sum)];
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void Add(float[][] x, float[][] y)
    {
        for (int t = 0; t < x.Length; t++)
        {
            for (int i = 0; i < x[t].Length; i++)
            {
                x[t][i] += y[t][i];
            }
        }
    }

    private static double Rms(float[][] rows) => Math.Sqrt(rows.Average(r => r.Average(v => (double)v * v)));
}
