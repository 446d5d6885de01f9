using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>Limits the divergence of quantised models on the GPU from the float32 logits of the published code, as on the CPU.</summary>
public sealed class CudaQuantizedTests
{
    public static TheoryData<QuantFormat, double> Bounds => QuantizedTests.Bounds;

    [Theory]
    [MemberData(nameof(Bounds))]
    public void Mean_divergence_from_float32(QuantFormat format, double most)
    {
        double sum = 0;
        int rows = 0;
        foreach (string name in CudaModels.Names)
        {
            GoldenCase golden = GoldenCase.Load(name);
            using ModelRunner model = CudaModels.Load(golden.ModelFolder, ComputeMode.Bf16, format);
            foreach (GoldenPrompt prompt in CudaModels.Prompts(golden))
            {
                float[][] logits = new Session(model).Append(prompt.Ids);
                ReadOnlySpan<float> expected = prompt.Logits;
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
