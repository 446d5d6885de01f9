using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>Limits the divergence of quantised models from the float32 logits of the published code.</summary>
public sealed class QuantizedTests
{
    // Mean KL divergence in nats over all recorded positions: about twice the measured values. Random weights are harder to quantise than
    // trained ones.
    public static TheoryData<QuantFormat, double> Bounds => new()
    {
        { QuantFormat.None, 0.02 },
        { QuantFormat.Int8, 0.04 },
        { QuantFormat.Int8All, 0.04 },
        { QuantFormat.Int4, 0.4 },
        { QuantFormat.Int4All, 0.6 },
        { QuantFormat.Fp8, 0.15 },
    };

    // Models of type hy_v3 amplify rounding errors more: scores of experts are close, and one of the models has tied heads.
    public static TheoryData<QuantFormat, double> HyV3Bounds => new()
    {
        { QuantFormat.None, 0.09 },
        { QuantFormat.Int8, 0.2 },
        { QuantFormat.Int8All, 0.3 },
        { QuantFormat.Int4, 1.2 },
        { QuantFormat.Int4All, 1.8 },
        { QuantFormat.Fp8, 1 },
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void Mean_divergence_from_float32(QuantFormat format, double most) => AssertDivergence(GoldenCase.Names.Except(GoldenCase.HyV3), format, most);

    [Theory]
    [MemberData(nameof(HyV3Bounds))]
    public void Mean_divergence_from_float32_of_hy_v3(QuantFormat format, double most) => AssertDivergence(GoldenCase.HyV3, format, most);

    private static void AssertDivergence(IEnumerable<string> names, QuantFormat format, double most)
    {
        double sum = 0;
        int rows = 0;
        foreach (string name in names)
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
            foreach (GoldenPrompt prompt in golden.Prompts)
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
