using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Tests.Loading;

/// <summary>Loads a model folder and keeps the logits of a fixed prompt, the warnings and the progress reports.</summary>
internal sealed class LoadedLogits
{
    private const int Tokens = 24;

    private LoadedLogits(float[][] logits, List<string> warnings, List<LoadProgress> progress)
    {
        Logits = logits;
        Warnings = warnings;
        Progress = progress;
    }

    public float[][] Logits { get; }

    public List<string> Warnings { get; }

    public List<LoadProgress> Progress { get; }

    public bool Mapped => Progress.Exists(p => p.Stage == LoadStage.Mapping);

    public static ModelOptions Options(string? cache, ComputeMode mode = ComputeMode.Bf16, bool verify = false, QuantFormat? quant = null) => new()
    {
        Mode = mode,
        Quant = quant,
        Threads = 2,
        PinThreads = false,
        KvTokens = 64,
        MaxBatchTokens = Tokens,
        MaxLogitRows = Tokens,
        PackedCache = cache,
        VerifyPackedCache = verify,
    };

    public static LoadedLogits Of(string folder, string? cache, ComputeMode mode = ComputeMode.Bf16, bool verify = false, QuantFormat? quant = null)
    {
        List<string> warnings = [];
        ProgressLog progress = new();
        using ModelRunner model = ModelRunner.Load(folder, Options(cache, mode, verify, quant) with { OnWarning = warnings.Add }, progress);
        return new LoadedLogits(Forward(model), warnings, progress.Reports);
    }

    /// <summary>The first position where two sets of logits have different bits; null if they are equal.</summary>
    public static string? Difference(LoadedLogits expected, LoadedLogits actual)
    {
        for (int row = 0; row < expected.Logits.Length; row++)
        {
            for (int i = 0; i < expected.Logits[row].Length; i++)
            {
                if (BitConverter.SingleToInt32Bits(expected.Logits[row][i]) != BitConverter.SingleToInt32Bits(actual.Logits[row][i]))
                {
                    return $"row {row}, logit {i}: {expected.Logits[row][i]:R} and {actual.Logits[row][i]:R}";
                }
            }
        }

        return null;
    }

    private static float[][] Forward(ModelRunner model)
    {
        int[] ids = [.. Enumerable.Range(0, Tokens).Select(i => ((i * 37) + 5) % model.Config.VocabSize)];
        AttentionBatch batch = model.CreateBatch();
        batch.Add(new AttentionSlice(0, Tokens, 0, Enumerable.Range(0, model.Cache.Blocks).ToArray()));
        StepLogits logits = model.Forward(ids, batch, [.. Enumerable.Range(0, Tokens)], Tokens);
        return [.. Enumerable.Range(0, Tokens).Select(row => logits.Row(row).ToArray())];
    }
}

/// <summary>Keeps progress reports in order. Unlike <see cref="Progress{T}"/>, it runs on the thread that reports.</summary>
internal sealed class ProgressLog(Action<LoadProgress>? then = null) : IProgress<LoadProgress>
{
    public List<LoadProgress> Reports { get; } = [];

    public void Report(LoadProgress value)
    {
        Reports.Add(value);
        then?.Invoke(value);
    }
}
