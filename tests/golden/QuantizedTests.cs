using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>How far quantised models may stray from the published code's float32 logits.</summary>
public sealed class QuantizedTests
{
    // Mean KL in nats over all stored positions; random weights are harder to quantise than trained ones. About twice what was measured.
    public static TheoryData<QuantFormat, double> Bounds => new()
    {
        { QuantFormat.None, 0.02 },
        { QuantFormat.Int8, 0.04 },
        { QuantFormat.Int8All, 0.04 },
        { QuantFormat.Int4, 0.4 },
        { QuantFormat.Int4All, 0.6 },
        { QuantFormat.Fp8, 0.15 },
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void Mean_divergence_from_float32(QuantFormat format, double most)
    {
        double sum = 0;
        int rows = 0;
        foreach (string name in GoldenCase.Names)
        {
            GoldenCase golden = GoldenCase.Load(name);
            using ModelRunner model = ModelRunner.Load(golden.ModelFolder, new ModelOptions
            {
                Mode = ComputeMode.Bf16,
                Quant = format,
                Threads = 1,
                KvTokens = 1024,
                PinThreads = false,
                MaxLogitRows = 256,
            });
            foreach (GoldenCase.Prompt prompt in golden.Prompts)
            {
                float[][] logits = new Session(model).Append(prompt.Ids);
                ReadOnlySpan<float> expected = prompt.Array("logits").Values;
                for (int i = 0; i < prompt.LogitPositions.Length; i++, rows++)
                {
                    float[] row = logits[prompt.LogitPositions[i]];
                    sum += LogitDivergence.Kl(expected.Slice(i * row.Length, row.Length), row);
                }
            }
        }

        Assert.InRange(sum / rows, format == QuantFormat.None ? 0 : 1e-6, most);
    }
}
