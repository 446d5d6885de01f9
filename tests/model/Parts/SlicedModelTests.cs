using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Loading;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>A model cut into slices that share nothing gives the bits of the whole one.</summary>
public sealed class SlicedModelTests
{
    public static TheoryData<string, ComputeMode, InstructionSet> Cases
    {
        get
        {
            TheoryData<string, ComputeMode, InstructionSet> data = [];
            foreach (string name in new[] { GoldenModels.Cla, GoldenModels.TopFour })
            {
                foreach (ComputeMode mode in Enum.GetValues<ComputeMode>())
                {
                    foreach (InstructionSet isa in InstructionSets.Available)
                    {
                        data.Add(name, mode, isa);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SlicesGiveTheBitsOfTheWhole(string name, ComputeMode mode, InstructionSet isa)
    {
        using ModelRunner whole = ModelRunner.Load(GoldenModels.Folder(name), new ModelOptions
        {
            Mode = mode, Isa = isa, Threads = 1, PinThreads = false, KvTokens = 128, MaxBatchTokens = 128, MaxLogitRows = 128,
        });
        int experts = whole.Config.Experts;
        foreach ((int layersPerSlice, int expertsPerSlice) in new[] { (2, experts / 2), (4, 3) })
        {
            using SlicedModel slices = new(GoldenModels.Folder(name), mode, isa, layersPerSlice, expertsPerSlice);
            foreach (int[] prompt in GoldenModels.Prompts(name))
            {
                AttentionBatch batch = whole.CreateBatch();
                batch.Add(new AttentionSlice(0, prompt.Length, 0, new[] { 0, 1, 2, 3 }));
                Activation logits = whole.Forward(prompt, batch, [.. Enumerable.Range(0, prompt.Length)], prompt.Length);
                slices.Forget();
                int half = prompt.Length / 2;
                float[][] rows = half == 0 ? slices.Append(prompt) : [.. slices.Append(prompt.AsSpan(0, half)), .. slices.Append(prompt.AsSpan(half))];
                for (int row = 0; row < rows.Length; row++)
                {
                    GoldenModels.AssertSameBits(logits.Row(row), rows[row], $"{layersPerSlice} layers, {expertsPerSlice} experts, token {row} of {prompt.Length}");
                }
            }
        }
    }
}
