using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Random models must be worth testing and measuring with: lively logits, a stable residual stream, experts all used.</summary>
public sealed class RandomModelBehaviourTests
{
    [Theory]
    [InlineData("large", true, 4)]
    [InlineData("large", true, 32)]
    [InlineData("large", false, 8)]
    [InlineData("a13b", true, 4)]
    [InlineData("dense", false, 6)]
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
            TopK = preset == "a13b" ? 2 : 1,
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

    [Fact]
    public void The_plain_forward_pass_finds_the_published_code_s_next_token()
    {
        string folder = Path.Combine(TestPaths.Data, "models", "tiny-cla");
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        string golden = File.ReadAllText(Path.Combine(TestPaths.Data, "expected", "tiny-cla", "golden.json"));
        using var json = System.Text.Json.JsonDocument.Parse(golden);
        System.Text.Json.JsonElement prompt = json.RootElement.GetProperty("prompts")[2];
        int[] ids = [.. prompt.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
        float[] last = new ReferenceForwardPass(new Weights(ModelConfig.Load(folder), checkpoint)).Run(ids)[^1];
        Assert.Equal(prompt.GetProperty("greedy_ids")[0].GetInt32(), last.AsSpan().IndexOf(last.Max()));
    }
}
