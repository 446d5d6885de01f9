using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>Compares the results of the GPU's kernels with those of the published code.</summary>
public sealed class CudaNumbersTests
{
    private const int GreedyTokens = 8;

    public static TheoryData<string> Models => [.. CudaModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_and_greedy_tokens_in_float32(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = CudaModels.Load(golden.ModelFolder, ComputeMode.F32);
        foreach (GoldenPrompt prompt in CudaModels.Prompts(golden))
        {
            Session session = new(model);
            float[][] logits = session.Append(prompt.Ids);
            PublishedNumbersTests.AssertRows(prompt.Logits, prompt.LogitPositions.Select(p => logits[p]), PublishedNumbersTests.F32Tolerance);
            List<int> ids = [PublishedNumbersTests.ArgMax(logits[^1])];
            while (ids.Count < GreedyTokens)
            {
                ids.Add(PublishedNumbersTests.ArgMax(session.Append([ids[^1]])[0]));
            }

            Assert.Equal(prompt.GreedyIds.Take(GreedyTokens), ids);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_in_bfloat16(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = CudaModels.Load(golden.ModelFolder, ComputeMode.Bf16);
        PublishedNumbersTests.AssertBfloat16(model, CudaModels.Prompts(golden));
    }
}
