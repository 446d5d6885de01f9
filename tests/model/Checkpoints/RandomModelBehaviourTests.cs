using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>
/// Random models behave enough like trained ones for tests and benchmarks: varied logits, stable residual stream, all experts used.
/// </summary>
public sealed class RandomModelBehaviourTests
{
    [Theory]
    [InlineData("large", true, 4)]
    [InlineData("large", true, 32)]
    [InlineData("large", false, 8)]
    [InlineData("a13b", true, 4)]
    [InlineData("dense", false, 6)]
    [InlineData("hy3", false, 6)]
    public void Outputs_are_not_degenerate(string preset, bool tied, int layers)
    {
        RandomModelOptions options = RandomModelOptions.FromPreset(preset) with
        {
            Layers = layers,
            Hidden = 128,
            Heads = 4,
            KvHeads = 2,
            HeadDim = 32,
            Intermediate = 128,
            Experts = preset == "dense" ? 1 : 8,
            TopK = preset is "a13b" or "hy3" ? 2 : 1,
            DenseIntermediate = 256,
            Vocab = 512,
            Tied = tied,
        };
        using var folder = new TempFolder();
        RandomModel.Write(options, folder.Root);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        var forward = new ReferenceForwardPass(new Weights(ModelConfig.Load(folder.Root), checkpoint));
        int[] ids = [.. Enumerable.Range(0, 256).Select(i => ((i * 37) + 11) % 512)];
        float[][] logits = forward.Run(ids);

        double deviation = Math.Sqrt(logits.Average(row => row.Average(v => (double)v * v)));
        Assert.InRange(deviation, 1.5, 2.6);
        Assert.InRange(forward.ResidualRms[^1], 0.7, 4);
        Assert.All(forward.ResidualRms, rms => Assert.InRange(rms, 0.05, 4));

        int[] best = [.. logits.Select(row => row.AsSpan().IndexOf(row.Max()))];
        Assert.InRange(best.Distinct().Count(), 100, 256);
        Assert.InRange(best.Zip(ids, (b, id) => b == id ? 1 : 0).Sum(), 0, 80);
        Assert.All(forward.ExpertUse, use => Assert.All(use, tokens => Assert.InRange(tokens, 1, 160)));
    }

    [Theory]
    [InlineData("tiny-cla")]
    [InlineData("tiny-hy3")]
    public void The_reference_forward_pass_predicts_the_published_next_token(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        string folder = golden.ModelFolder;
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        float[] last = new ReferenceForwardPass(new Weights(ModelConfig.Load(folder), checkpoint)).Run(golden.Prompts[2].Ids)[^1];
        Assert.Equal(golden.Prompts[2].GreedyIds[0], last.AsSpan().IndexOf(last.Max()));
    }
}
