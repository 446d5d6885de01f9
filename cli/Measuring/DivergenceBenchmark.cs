using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Compares the next-token distributions of a model in several formats with those in float32, at every position of given prompts.
/// </summary>
/// <param name="folder">The model folder, not quantised.</param>
/// <param name="options">How the model is loaded; mode and format are replaced for each comparison.</param>
/// <param name="prompts">The token ids of each prompt, and the first position that counts.</param>
internal sealed class DivergenceBenchmark(string folder, ModelOptions options, IReadOnlyList<(int[] Ids, int First)> prompts)
{
    private const int RandomPrompts = 16, RandomLength = 128;

    private readonly int _longest = prompts.Max(p => p.Ids.Length);

    /// <summary>Prompts of random token ids, always the same for a model. Every position counts.</summary>
    public static IReadOnlyList<(int[] Ids, int First)> Random(ModelConfig config)
    {
        Random random = new(1);
        int length = Math.Min(RandomLength, config.MaxPositions);
        return [.. Enumerable.Range(0, RandomPrompts).Select(_ => (Enumerable.Range(0, length).Select(_ => random.Next(config.VocabSize)).ToArray(), 0))];
    }

    /// <summary>Compares each format with float32.</summary>
    /// <exception cref="ModelException">The model is invalid, or already quantised.</exception>
    public DivergenceResult[] Run(IEnumerable<QuantFormat> formats, ProgressReport report, CancellationToken cancellation)
    {
        QuantFormat[] compared = [.. formats];
        using ModelRunner reference = Load(ComputeMode.F32, QuantFormat.None, cancellation);
        List<DivergenceResult> results = [];
        foreach (QuantFormat format in compared)
        {
            using ModelRunner other = Load(ComputeMode.Bf16, format, cancellation);
            results.Add(Compare(
                reference,
                other,
                done => report((results.Count * prompts.Count) + done, compared.Length * prompts.Count, other.Types.Name),
                cancellation));
        }

        return [.. results];
    }

    private ModelRunner Load(ComputeMode mode, QuantFormat format, CancellationToken cancellation) => ModelRunner.Load(
        folder,
        options with { Mode = mode, Quant = format, KvTokens = _longest, MaxBatchTokens = _longest, MaxLogitRows = _longest },
        cancellationToken: cancellation);

    private DivergenceResult Compare(ModelRunner reference, ModelRunner other, Action<int> progress, CancellationToken cancellation)
    {
        float[][] rows = [.. Enumerable.Range(0, _longest).Select(_ => new float[reference.Config.VocabSize])];
        double sum = 0;
        int positions = 0, same = 0;
        for (int i = 0; i < prompts.Count; i++)
        {
            (int[] ids, int first) = prompts[i];
            int position = 0;
            PromptLogits.Run(reference, ids, _longest, all: true, _ => { }, row => row.CopyTo(rows[position++]), cancellation);
            position = 0;
            PromptLogits.Run(other, ids, _longest, all: true, _ => { }, row =>
            {
                if (position >= first)
                {
                    sum += LogitDivergence.Kl(rows[position], row);
                    same += IndexOfMax(rows[position]) == IndexOfMax(row) ? 1 : 0;
                    positions++;
                }

                position++;
            }, cancellation);
            progress(i + 1);
        }

        return new DivergenceResult(other.Types.Name, other.WeightBytes, positions, sum / positions, (double)same / positions);
    }

    private static int IndexOfMax(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            best = row[i] > row[best] ? i : best;
        }

        return best;
    }
}
