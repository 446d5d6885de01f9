using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

public sealed class RandomModelTests
{
    private static readonly RandomModelOptions Small = new()
    {
        Layers = 4,
        Hidden = 128,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 32,
        Intermediate = 192,
        Experts = 4,
        Vocab = 512,
        MaxPositions = 1024,
        Seed = 7,
    };

    [Theory]
    [InlineData("large")]
    [InlineData("a13b")]
    [InlineData("dense")]
    [InlineData("hy3")]
    [InlineData("mt2-30b")]
    public void Presets_make_models_that_load(string preset)
    {
        using var folder = new TempFolder();
        RandomModelOptions options = RandomModelOptions.FromPreset(preset, 0.02) with { Vocab = 1024 };
        RandomModel.Write(options, folder.Root);
        ModelConfig config = ModelConfig.Load(folder.Root);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        new Weights(config, checkpoint).Validate();
        Assert.Equal(config.ParameterCount.Total, checkpoint.Tensors.Sum(t => t.ElementCount));
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors"], Names(folder));
    }

    [Theory]
    [InlineData("large", 388_500_000_000, 389_500_000_000)]
    [InlineData("a13b", 79_500_000_000, 81_000_000_000)]
    [InlineData("dense", 7_000_000_000, 8_000_000_000)]
    [InlineData("hy3", 294_000_000_000, 296_000_000_000)]
    [InlineData("mt2-30b", 29_500_000_000, 30_500_000_000)]
    public void Presets_have_the_published_sizes(string preset, long low, long high) =>
        Assert.InRange(RandomModel.Config(RandomModelOptions.FromPreset(preset)).ParameterCount.Total, low, high);

    [Fact]
    public void A_model_of_2_4_billion_parameters_can_be_created()
    {
        var options = new RandomModelOptions
        {
            Layers = 16,
            Hidden = 1536,
            Heads = 12,
            KvHeads = 4,
            HeadDim = 128,
            Intermediate = 1792,
            Experts = 16,
            TopK = 1,
            SharedExperts = 1,
            Vocab = 32768,
            ClaFactor = 2,
            Tied = false,
        };
        ModelConfig config = RandomModel.Config(options);
        Assert.InRange(config.ParameterCount.Total, 2_430_000_000, 2_460_000_000);
        Assert.Equal(RopeScaling.Alpha, config.Rope.Scaling);
        Assert.Equal(8, config.KvGroups);
    }

    [Fact]
    public void Shards_are_bounded_and_hold_the_same_values()
    {
        using var single = new TempFolder();
        using var sharded = new TempFolder();
        RandomModel.Write(Small, single.Root);
        RandomModel.Write(Small with { MaxShardBytes = 700_000 }, sharded.Root);
        using Checkpoint a = Checkpoint.Open(single.Root);
        using Checkpoint b = Checkpoint.Open(sharded.Root);
        Assert.True(b.Files.Count > 2);
        Assert.All(b.Files, file => Assert.InRange(new FileInfo(file).Length, 1, 750_000));
        new Weights(ModelConfig.Load(sharded.Root), b).Validate();
        foreach (TensorView tensor in a.Tensors)
        {
            Assert.True(b.TryGet(tensor.Name, out TensorView other));
            Assert.True(tensor.Slice(0, (int)tensor.ByteLength).SequenceEqual(other.Slice(0, (int)other.ByteLength)));
        }
    }

    [Fact]
    public void The_seed_decides_the_bytes()
    {
        using var first = new TempFolder();
        using var again = new TempFolder();
        using var other = new TempFolder();
        RandomModel.Write(Small, first.Root);
        RandomModel.Write(Small, again.Root);
        RandomModel.Write(Small with { Seed = 8 }, other.Root);
        byte[] bytes = File.ReadAllBytes(first.File("model.safetensors"));
        Assert.Equal(bytes, File.ReadAllBytes(again.File("model.safetensors")));
        Assert.NotEqual(bytes, File.ReadAllBytes(other.File("model.safetensors")));
    }

    [Fact]
    public void Values_are_normally_distributed_with_the_requested_deviation()
    {
        using var folder = new TempFolder();
        RandomModel.Write(Small, folder.Root);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        var weights = new Weights(ModelConfig.Load(folder.Root), checkpoint);
        float[] gate = weights.SharedGate(1).ToSingles();
        double expected = 1 / Math.Sqrt(128);
        Assert.InRange(gate.Average(), -0.05 * expected, 0.05 * expected);
        Assert.InRange(Math.Sqrt(gate.Average(v => (double)v * v)), 0.97 * expected, 1.03 * expected);
        Assert.InRange(gate.Count(v => Math.Abs(v) < expected) / (double)gate.Length, 0.66, 0.71);
        float[] norm = weights.FinalNorm().ToSingles();
        Assert.InRange(norm.Average(), 0.95, 1.05);
        Assert.True(norm.Distinct().Count() > 10);

        // Different tensors, and different parts of one tensor, have different values.
        Assert.NotEqual(gate, weights.SharedUp(1).ToSingles());
        Assert.NotEqual(gate[..128], gate[128..256]);
    }

    [Fact]
    public void A_folder_that_is_not_empty_is_refused_and_left_alone()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("precious.txt"), "x");
        ModelException e = Assert.Throws<ModelException>(() => RandomModel.Write(Small, folder.Root));
        Assert.Equal($"{folder.Root}: the output folder is not empty; allowed: an empty or a new folder.", e.Message);
        Assert.Equal(["precious.txt"], Names(folder));
    }

    [Fact]
    public void Cancelling_removes_what_was_written()
    {
        using var folder = new TempFolder();
        using var cancel = new CancellationTokenSource();
        string output = folder.File("model");
        Assert.ThrowsAny<OperationCanceledException>(() => RandomModel.Write(Small, output, (_, _) => cancel.Cancel(), cancel.Token));
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void Progress_ends_at_the_total()
    {
        using var folder = new TempFolder();
        long most = 0;
        long all = 0;
        var gate = new Lock();
        RandomModel.Write(Small, folder.Root, (done, total) =>
        {
            lock (gate)
            {
                most = Math.Max(most, done);
                all = total;
            }
        });
        Assert.Equal(RandomModel.Config(Small).ParameterCount.Total * 2, all);
        Assert.Equal(all, most);
    }

    [Fact]
    public void Wrong_options_are_refused()
    {
        using var folder = new TempFolder();
        ModelException heads = Assert.Throws<ModelException>(() => RandomModel.Write(Small with { KvHeads = 3 }, folder.File("a")));
        Assert.Contains("\"num_key_value_heads\" is 3; allowed: a divisor", heads.Message, StringComparison.Ordinal);
        ModelException preset = Assert.Throws<ModelException>(() => RandomModelOptions.FromPreset("huge"));
        Assert.Equal("preset is \"huge\"; allowed: large, a13b, dense, hy3, mt2-30b.", preset.Message);
        Assert.Contains("scale is -1; allowed:", Assert.Throws<ModelException>(() => RandomModelOptions.FromPreset("large", -1)).Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => RandomModelOptions.FromPreset("large", double.NaN));
    }

    private static string[] Names(TempFolder folder) =>
        [.. Directory.GetFileSystemEntries(folder.Root).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
}
