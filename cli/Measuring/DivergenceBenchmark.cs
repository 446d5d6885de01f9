using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Compares the next-token distributions of a model in several forms with those it has in float32, position by position over given ids. It
/// knows no text.
/// </summary>
/// <param name="folder">The model, not quantised.</param>
/// <param name="options">How it is loaded; mode and form are set here.</param>
/// <param name="prompts">Ids, and the first position of each that counts.</param>
internal sealed class DivergenceBenchmark(string folder, ModelOptions options, IReadOnlyList<(int[] Ids, int First)> prompts)
{
    private const int RandomPrompts = 16, RandomLength = 128;

    private readonly int longest = prompts.Max(p => p.Ids.Length);

    /// <summary>Prompts of random ids, the same ones for the same model, of which every position counts.</summary>
    public static IReadOnlyList<(int[] Ids, int First)> Random(ModelConfig config)
    {
        Random random = new(1);
        int length = Math.Min(RandomLength, config.MaxPositions);
        return [.. Enumerable.Range(0, RandomPrompts).Select(_ => (Enumerable.Range(0, length).Select(_ => random.Next(config.VocabSize)).ToArray(), 0))];
    }

    /// <summary>Measures each form.</summary>
    /// <exception cref="ModelException">The model is wrong, or quantised already.</exception>
    public DivergenceResult[] Run(IEnumerable<QuantFormat> formats, ProgressReport report, CancellationToken cancellation)
    {
        QuantFormat[] all = [.. formats];
        using ModelRunner reference = Load(ComputeMode.F32, QuantFormat.None, cancellation);
        List<DivergenceResult> results = [];
        foreach (QuantFormat format in all)
        {
            using ModelRunner other = Load(ComputeMode.Bf16, format, cancellation);
            results.Add(Compare(reference, other, done => report((results.Count * prompts.Count) + done, all.Length * prompts.Count, other.Types.Name), cancellation));
        }

        return [.. results];
    }

    private ModelRunner Load(ComputeMode mode, QuantFormat format, CancellationToken cancellation) => ModelRunner.Load(
        folder,
        options with { Mode = mode, Quant = format, KvTokens = longest, MaxBatchTokens = longest, MaxLogitRows = longest },
        cancellationToken: cancellation);

    private DivergenceResult Compare(ModelRunner reference, ModelRunner other, Action<int> progress, CancellationToken cancellation)
    {
        float[][] rows = [.. Enumerable.Range(0, longest).Select(_ => new float[reference.Config.VocabSize])];
        double sum = 0;
        int positions = 0, same = 0;
        for (int i = 0; i < prompts.Count; i++)
        {
            (int[] ids, int first) = prompts[i];
            int at = 0;
            PromptLogits.Run(reference, ids, longest, all: true, _ => { }, row => row.CopyTo(rows[at++]), cancellation);
            at = 0;
            PromptLogits.Run(other, ids, longest, all: true, _ => { }, row =>
            {
                if (at >= first)
                {
                    sum += LogitDivergence.Kl(rows[at], row);
                    same += Best(rows[at]) == Best(row) ? 1 : 0;
                    positions++;
                }

                at++;
            }, cancellation);
            progress(i + 1);
        }

        return new DivergenceResult(other.Types.Name, other.WeightBytes, positions, sum / positions, (double)same / positions);
    }

    private static int Best(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            best = row[i] > row[best] ? i : best;
        }

        return best;
    }
}
