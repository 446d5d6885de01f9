using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>The layer for multi-token prediction in configs and files.</summary>
public sealed class MtpWeightsTests
{
    private const string Model = "tiny-hy3";
    private static readonly string[] Namings = ["separate", "packed", "outer"];

    [Fact]
    public void The_layer_is_one_more_layer_when_it_is_asked_for()
    {
        ModelConfig config = ModelConfig.Load(TestPaths.Model(Model)), mtp = config.WithMtp();
        Assert.Equal((4, 5, null, 4), (config.Layers, mtp.Layers, config.MtpLayer, mtp.MtpLayer));
        Assert.Equal((config.IntermediateSize(3), 4, 1, 5), (mtp.IntermediateSize(4), mtp.TopK(4), mtp.SharedExperts(4), mtp.KvGroups));
        Assert.Equal((true, false, false, 4), (config.CanPredict, mtp.CanPredict, mtp.WithoutMtp().MtpLayer is not null, mtp.WithoutMtp().Layers));

        // The publisher's notes count 134,512 weights in it.
        Assert.Equal(134_512, mtp.ParameterCount.Total - config.ParameterCount.Total);
    }

    [Theory]
    [InlineData("tiny-hy3-fp32")]
    [InlineData("tiny-cla")]
    public void A_model_without_the_layer_is_refused(string name)
    {
        ModelConfig config = ModelConfig.Load(TestPaths.Model(name));
        Assert.False(config.CanPredict);
        Assert.Contains("num_nextn_predict_layers is 0", Assert.Throws<ModelException>(config.WithMtp).Message, StringComparison.Ordinal);
        Assert.Contains(
            "no layer for multi-token prediction",
            Assert.Throws<ModelException>(() => ModelRunner.Load(TestPaths.Model(name), new ModelOptions { Mtp = true })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_naming_gives_the_same_rows()
    {
        ModelConfig config = ModelConfig.Load(TestPaths.Model(Model)).WithMtp();
        float[][][] rows = Array.ConvertAll(Namings, naming =>
        {
            using TempFolder copy = Copy(naming, _ => { });
            using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
            Weights weights = new(config, checkpoint);
            weights.Validate();
            RowSource[] own = [weights.MtpEmbeddingNorm(), weights.MtpHiddenNorm(), weights.MtpProjection(), weights.MtpFinalNorm()];
            return own.Concat(WeightsTests.All(weights)).Select(static source => source.ToSingles()).ToArray();
        });
        Assert.Equal(rows[0], rows[1]);
        Assert.Equal(rows[0], rows[2]);
    }

    [Fact]
    public void The_schema_lists_every_tensor_of_the_file()
    {
        using Checkpoint checkpoint = Checkpoint.Open(TestPaths.Model(Model));
        Assert.Equal(
            checkpoint.Tensors.Select(static tensor => tensor.Name).Order(StringComparer.Ordinal),
            CheckpointSchema.Tensors(ModelConfig.Load(TestPaths.Model(Model)).WithMtp()).Select(static tensor => tensor.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("enorm.weight")]
    [InlineData("eh_proj.weight")]
    [InlineData("self_attn.q_norm.weight")]
    [InlineData("mlp.experts.3.up_proj.weight")]
    public void A_tensor_that_is_missing_matters_only_with_the_layer(string name)
    {
        using TempFolder copy = Copy("separate", tensors => tensors.RemoveAll(tensor => tensor.Name == "model.layers.4." + name));
        using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
        ModelConfig config = ModelConfig.Load(copy.Root);
        new Weights(config, checkpoint).Validate();
        Assert.Contains($"model.layers.4.{name}", Assert.Throws<ModelException>(() => new Weights(config.WithMtp(), checkpoint).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copies_of_embedding_and_head_in_the_layer_are_ignored_and_other_tensors_refused()
    {
        foreach ((string name, bool isIgnored) in new[] { ("embed_tokens.weight", true), ("shared_head.head.weight", true), ("shared_tail.weight", false) })
        {
            using TempFolder copy = Copy("separate", tensors => tensors.Add(new TensorData("model.layers.4." + name, StoredType.BF16, [2, 2], new byte[8])));
            using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
            ModelConfig config = ModelConfig.Load(copy.Root);
            new Weights(config, checkpoint).Validate();
            Exception? error = Record.Exception(() => new Weights(config.WithMtp(), checkpoint).Validate());
            Assert.True(isIgnored ? error is null : error is ModelException, $"{name}: {error}");
        }
    }

    [Theory]
    [InlineData(QuantFormat.None)]
    [InlineData(QuantFormat.Int8)]
    [InlineData(QuantFormat.Int4All)]
    public void Its_size_is_known_before_it_is_loaded(QuantFormat format)
    {
        string folder = TestPaths.Model(Model);
        ModelConfig config = ModelConfig.Load(folder);
        ModelOptions options = new() { Threads = 1, PinThreads = false, KvTokens = 64, Quant = format };
        using ModelRunner without = ModelRunner.Load(folder, options);
        using ModelRunner with = ModelRunner.Load(folder, options with { Mtp = true });
        Assert.Equal(new WeightSizes(config, WeightTypes.Of(config, ComputeMode.Bf16, format)).Mtp, with.WeightBytes - without.WeightBytes);
        Assert.Equal((4, 5), (((KvBlocks)without.Cache).Groups, ((KvBlocks)with.Cache).Groups));
    }

    [Fact]
    public void A_packed_copy_of_the_model_is_the_same_with_and_without_the_layer()
    {
        using TempFolder copy = TempFolder.CopyOf(TestPaths.Model(Model));
        List<string> warnings = [];
        ModelOptions options = new() { Threads = 1, PinThreads = false, KvTokens = 64, PackedCache = copy.Root, OnWarning = warnings.Add };
        ModelRunner.Load(copy.Root, options).Dispose();
        string[] before = Directory.GetFiles(copy.Root, "*.packed", SearchOption.AllDirectories);
        DateTime written = File.GetLastWriteTimeUtc(Assert.Single(before));
        List<LoadProgress> progress = [];
        for (int i = 0; i < 2; i++)
        {
            progress.Clear();
            ModelRunner.Load(copy.Root, options with { Mtp = true }, new Recorder(progress)).Dispose();
        }

        Assert.All(progress, static step => Assert.Equal(LoadStage.Mapping, step.Stage));
        Assert.Equal((2, written), (Directory.GetFiles(copy.Root, "*.packed", SearchOption.AllDirectories).Length, File.GetLastWriteTimeUtc(before[0])));
        Assert.Empty(warnings);
    }

    [Fact]
    public void A_device_of_a_cluster_does_not_take_it()
    {
        ModelException error = Assert.Throws<ModelException>(() => ModelDevice.Open(TestPaths.Model(Model), new ModelOptions { Mtp = true, StepsInFlight = 1 }));
        Assert.Contains("in one process only", error.Message, StringComparison.Ordinal);
    }

    private static TempFolder Copy(string naming, Action<List<TensorData>> change) => CheckpointRewriter.Copy(TestPaths.Model(Model), tensors =>
    {
        ModelConfig config = ModelConfig.Load(TestPaths.Model(Model));
        if (naming == "packed")
        {
            WeightsTests.Pack(tensors, config);
        }
        else if (naming == "outer")
        {
            WeightsTests.ToOuter(tensors, config);
        }

        change(tensors);
    });

    private sealed class Recorder(List<LoadProgress> reports) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => reports.Add(value);
    }
}
