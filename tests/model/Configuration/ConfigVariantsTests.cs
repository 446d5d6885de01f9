using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;
using HunyuanOrleans.Model.Tests.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Configuration;

/// <summary>Variants of configs and files that occur in published models, each with a small model.</summary>
public sealed class ConfigVariantsTests
{
    private const string Moe = "tiny-top8-nocla";

    private static readonly RandomModelOptions Small = new()
    {
        Hidden = 64, Layers = 2, Heads = 4, KvHeads = 2, HeadDim = 16, Intermediate = 96, Experts = 4, TopK = 2, SharedExperts = 1, ClaFactor = 1, Vocab = 256, MaxPositions = 512,
    };

    [Fact]
    public void Lists_for_each_layer_give_the_bits_of_single_numbers()
    {
        using TempFolder folder = Copy(Moe, config =>
        {
            int layers = (int)config["num_hidden_layers"]!;
            foreach (string field in new[] { "moe_topk", "num_experts", "intermediate_size", "num_shared_expert" })
            {
                JsonNode value = config[field]!;
                config[field] = value is JsonArray ? value.DeepClone() : new JsonArray([.. Enumerable.Range(0, layers).Select(_ => value.DeepClone())]);
            }
        });
        Assert.Null(LoadedLogits.Difference(LoadedLogits.Of(TestPaths.Model(Moe), null), LoadedLogits.Of(folder.Root, null)));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(32)]
    public void Heads_may_have_another_width_than_the_hidden_size_gives(int headDim)
    {
        using TempFolder folder = new();
        string model = folder.File("model");
        RandomModel.Write(Small with { HeadDim = headDim }, model);
        ModelConfig config = ModelConfig.Load(model);
        Assert.Equal((headDim, 4 * headDim), (config.HeadDim, config.QuerySize));
        using Checkpoint checkpoint = Checkpoint.Open(model);
        int[] ids = [.. Enumerable.Range(0, 24).Select(i => ((i * 37) + 5) % config.VocabSize)];
        float[][] expected = new ReferenceForwardPass(new Weights(config, checkpoint)).Run(ids);
        float[][] actual = LoadedLogits.Of(model, null, ComputeMode.F32).Logits;
        Assert.All(expected.Zip(actual), static pair => Assert.All(pair.First.Zip(pair.Second), static v => Assert.Equal(v.First, v.Second, 1e-3)));
    }

    [Fact]
    public void A_tied_model_may_ship_its_lm_head()
    {
        using TempFolder folder = new();
        string model = folder.File("model");
        RandomModel.Write(Small with { Tied = true }, model);
        using TempFolder copy = CheckpointRewriter.Copy(model, static tensors =>
            tensors.Add(tensors.Single(static t => t.Name == "model.embed_tokens.weight") with { Name = "lm_head.weight", Bytes = new byte[256 * 64 * 2] }));
        Assert.Null(ModelInspection.Load(copy.Root).Problem);
        Assert.Null(LoadedLogits.Difference(LoadedLogits.Of(model, null), LoadedLogits.Of(copy.Root, null)));
    }

    [Theory]
    [InlineData("""{"bos_token": "<s>", "eos_token": {"content": "</s>"}, "added_tokens_decoder": {"7": {"content": "<s>"}, "9": {"content": "</s>"}}}""", null)]
    [InlineData("""{"bos_token": "<s>", "eos_token": "</s>"}""", """{"added_tokens": [{"id": 7, "content": "<s>"}, {"id": 9, "content": "</s>"}]}""")]
    public void Ids_of_the_tokenizer_count_before_those_of_the_config(string tokenizerConfig, string? tokenizer)
    {
        using TempFolder folder = Copy(Moe, static config => (config["bos_token_id"], config["eos_token_id"]) = (1, 2));
        Assert.Equal((1, 2), (ModelConfig.Load(folder.Root).BosTokenId, Assert.Single(ModelConfig.Load(folder.Root).EosTokenIds)));
        File.WriteAllText(folder.File("tokenizer_config.json"), tokenizerConfig);
        if (tokenizer is not null)
        {
            File.WriteAllText(folder.File("tokenizer.json"), tokenizer);
        }

        ModelConfig read = ModelConfig.Load(folder.Root);
        Assert.Equal(7, read.BosTokenId);
        Assert.Equal([9], read.EosTokenIds);
        File.WriteAllText(folder.File("generation_config.json"), """{"eos_token_id": [11, 10]}""");
        Assert.Equal([9, 10, 11], ModelConfig.Load(folder.Root).EosTokenIds);
    }

    [Fact]
    public void Several_end_ids_of_the_config_stay_if_the_tokenizers_is_among_them()
    {
        using TempFolder folder = Copy(Moe, static config => config["eos_token_id"] = new JsonArray(9, 12));
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"eos_token": "</s>", "added_tokens_decoder": {"9": {"content": "</s>"}}}""");
        Assert.Equal([9, 12], ModelConfig.Load(folder.Root).EosTokenIds);
    }

    [Fact]
    public void Another_context_changes_no_angle()
    {
        ModelConfig config = ModelConfig.Load(TestPaths.Model(Moe));
        ModelConfig longer = config.WithContext(262_144);
        Assert.Equal(262_144, longer.MaxPositions);
        Assert.Equal(config.Rope, longer.Rope);
        Assert.Same(config, config.WithContext(null));
        Assert.Equal(262_144, ModelInspection.Load(TestPaths.Model(Moe), 262_144).Config.MaxPositions);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Files_of_PyTorch_give_the_bits_of_safetensors(int shards)
    {
        string model = TestPaths.Model(Moe);
        using TempFolder folder = new();
        File.Copy(Path.Combine(model, "config.json"), folder.File("config.json"));
        List<TensorData> tensors = CheckpointRewriter.Read(model);
        JsonObject map = [];
        for (int shard = 0; shard < shards; shard++)
        {
            string name = shards == 1 ? "pytorch_model.bin" : $"pytorch_model-{shard + 1:D5}-of-{shards:D5}.bin";
            List<TensorData> part = [.. tensors.Where((_, i) => i % shards == shard)];
            part.ForEach(tensor => map[tensor.Name] = name);
            File.WriteAllBytes(folder.File(name), PyTorchBytes.OfTensors([.. part.Select(Entry)]).Write());
        }

        if (shards > 1)
        {
            File.WriteAllText(folder.File("pytorch_model.bin.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
        }

        Assert.Null(ModelInspection.Load(folder.Root).Problem);
        using TempFolder cache = new();
        LoadedLogits expected = LoadedLogits.Of(model, null);
        Assert.Null(LoadedLogits.Difference(expected, LoadedLogits.Of(folder.Root, cache.Root)));
        LoadedLogits mapped = LoadedLogits.Of(folder.Root, cache.Root);
        Assert.True(mapped.Mapped);
        Assert.Null(LoadedLogits.Difference(expected, mapped));
    }

    [Fact]
    public void What_is_wrong_with_a_folder_is_said()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder.File("A52B"));
        Directory.CreateDirectory(folder.File("B"));
        Directory.CreateDirectory(folder.File("empty"));
        File.WriteAllText(folder.File("A52B/config.json"), "{}");
        File.WriteAllText(folder.File("B/config.json"), "{}");
        Assert.Contains("one of them: A52B, B.", Message(() => ModelConfig.Load(folder.Root)), StringComparison.Ordinal);

        File.WriteAllText(folder.File("model-00002-of-00004.safetensors"), "x");
        string message = Message(() => Checkpoint.Open(folder.Root));
        Assert.Contains("model-00001-of-00004.safetensors, model-00003-of-00004.safetensors, model-00004-of-00004.safetensors, model.safetensors.index.json", message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("model.safetensors.index.json"), """{"weight_map": {"a": "model-00001-of-00004.safetensors", "b": "model-00003-of-00004.safetensors"}}""");
        Assert.Contains("2 of 2 shards are missing", Message(() => Checkpoint.Open(folder.Root)), StringComparison.Ordinal);

        const string Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 10\n";
        using TempFolder pointers = new();
        File.WriteAllText(pointers.File("model.safetensors"), Pointer);
        Assert.Contains("Git LFS pointer", Message(() => Checkpoint.Open(pointers.Root)), StringComparison.Ordinal);
        File.WriteAllText(pointers.File("config.json"), Pointer);
        Assert.Contains("Git LFS pointer", Message(() => ModelConfig.Load(pointers.Root)), StringComparison.Ordinal);
    }

    private static string Message(Action action) => Assert.Throws<ModelException>(action).Message;

    private static (string Name, string Class, int[] Shape, int[] Strides, int Offset, byte[] Storage) Entry(TensorData tensor)
    {
        int[] shape = [.. tensor.Shape.Select(static s => (int)s)];
        int[] strides = shape.Length == 2 ? [shape[1], 1] : [1];
        string type = tensor.Type switch
        {
            StoredType.BF16 => "BFloat16Storage",
            StoredType.F16 => "HalfStorage",
            _ => "FloatStorage",
        };
        return (tensor.Name, type, shape, strides, 0, tensor.Bytes);
    }

    private static TempFolder Copy(string model, Action<JsonObject> change)
    {
        TempFolder folder = CheckpointRewriter.Copy(TestPaths.Model(model), static _ => { });
        JsonObject config = JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();
        change(config);
        File.WriteAllText(folder.File("config.json"), config.ToJsonString());
        return folder;
    }
}
