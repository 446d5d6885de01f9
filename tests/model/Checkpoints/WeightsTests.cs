using System.Text.RegularExpressions;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

public sealed partial class WeightsTests
{
    public static TheoryData<string> Models => [.. GoldenCase.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Golden_models_open_and_validate(string name)
    {
        string folder = TestPaths.Model(name);
        ModelConfig config = ModelConfig.Load(folder);
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        new Weights(config, checkpoint).Validate();

        // The layers that predict further tokens are in the files but not in the model.
        List<TensorView> used = [.. checkpoint.Tensors.Where(t => !WeightNames.IsOfPredictLayer(t.Name, config))];
        Assert.Equal(config.PredictLayers > 0, used.Count < checkpoint.Tensors.Count);
        Assert.Equal(config.ParameterCount.Total, used.Sum(t => t.ElementCount));
        if (checkpoint.TryGet("model.layers.1.mlp.experts.gate_up_proj", out _))
        {
            return;
        }

        Assert.Equal(
            used.Select(t => t.Name).Order(StringComparer.Ordinal),
            CheckpointSchema.Tensors(config).Select(t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Both_namings_of_hy_v3_give_the_same_rows()
    {
        string folder = TestPaths.Model("tiny-hy3");
        ModelConfig config = ModelConfig.Load(folder);
        using TempFolder outer = CheckpointRewriter.Copy(folder, tensors => ToOuter(tensors, config));
        using Checkpoint innerFiles = Checkpoint.Open(folder);
        using Checkpoint outerFiles = Checkpoint.Open(outer.Root);
        Assert.True(outerFiles.TryGet("model.layers.1.mlp.experts.gate_up_proj", out _));
        Assert.False(outerFiles.TryGet("model.layers.1.mlp.experts.0.gate_proj.weight", out _));
        var b = new Weights(config, outerFiles);
        b.Validate();
        List<RowSource> rowsA = [.. All(new Weights(config, innerFiles))];
        List<RowSource> rowsB = [.. All(b)];
        Assert.Equal(rowsA.Count, rowsB.Count);
        for (int i = 0; i < rowsA.Count; i++)
        {
            Assert.Equal(rowsA[i].ToSingles(), rowsB[i].ToSingles());
        }

        Assert.Equal(rowsA.Select(r => r.Module.Replace("shared_mlp", "", StringComparison.Ordinal)).Where(m => m.Contains(".experts.", StringComparison.Ordinal)),
            rowsB.Select(r => r.Module).Where(m => m.Contains(".experts.", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("model.layers.1.mlp.experts.gate_up_proj", "[16, 64, 63]", "[16, 64, 64]")]
    [InlineData("model.layers.2.mlp.experts.down_proj", "[16, 32, 64]", "[16, 64, 32]")]
    [InlineData("model.layers.1.mlp.e_score_correction_bias", "[17]", "[16]")]
    public void Tensors_of_the_outer_naming_with_another_shape_are_refused(string name, string shape, string allowed)
    {
        string folder = TestPaths.Model("tiny-hy3");
        ModelConfig config = ModelConfig.Load(folder);
        using TempFolder outer = CheckpointRewriter.Copy(folder, tensors =>
        {
            ToOuter(tensors, config);
            long[] given = [.. shape.Trim('[', ']').Split(", ").Select(long.Parse)];
            tensors.ForEachReplace(t => t.Name == name, t => t with { Shape = given, Bytes = new byte[given.Aggregate(1L, (a, b) => a * b) * t.Type.Size()] });
        });
        using Checkpoint checkpoint = Checkpoint.Open(outer.Root);
        ModelException error = Assert.Throws<ModelException>(() => new Weights(config, checkpoint).Validate());
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(shape, error.Message, StringComparison.Ordinal);
        Assert.Contains("allowed: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_model_opens_and_validates()
    {
        using Checkpoint checkpoint = Checkpoint.Open(TestPaths.DemoModel);
        new Weights(ModelConfig.Load(TestPaths.DemoModel), checkpoint).Validate();
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Packed_names_give_the_same_rows(string name)
    {
        string folder = TestPaths.Model(name);
        ModelConfig config = ModelConfig.Load(folder);
        using TempFolder packed = CheckpointRewriter.Copy(folder, tensors => Pack(tensors, config));
        using Checkpoint separateFiles = Checkpoint.Open(folder);
        using Checkpoint packedFiles = Checkpoint.Open(packed.Root);
        Assert.Contains(packedFiles.Tensors, t => t.Name.Contains("qkv_proj", StringComparison.Ordinal));
        Assert.DoesNotContain(packedFiles.Tensors, t => t.Name.EndsWith("k_proj.weight", StringComparison.Ordinal));
        Assert.DoesNotContain(packedFiles.Tensors, t => t.Name.EndsWith(".gate_proj.weight", StringComparison.Ordinal));

        var a = new Weights(config, separateFiles);
        var b = new Weights(config, packedFiles);
        b.Validate();
        List<RowSource> rowsA = [.. All(a)];
        List<RowSource> rowsB = [.. All(b)];
        Assert.Equal(rowsA.Count, rowsB.Count);
        for (int i = 0; i < rowsA.Count; i++)
        {
            Assert.Equal((rowsA[i].Rows, rowsA[i].Columns), (rowsB[i].Rows, rowsB[i].Columns));
            Assert.Equal(rowsA[i].ToSingles(), rowsB[i].ToSingles());
        }
    }

    [Fact]
    public void Rows_have_addresses_of_the_mapped_bytes()
    {
        using Checkpoint checkpoint = Checkpoint.Open(TestPaths.Model("tiny-cla"));
        var weights = new Weights(ModelConfig.Load(TestPaths.Model("tiny-cla")), checkpoint);
        RowRange range = weights.Key(2).Ranges[0];
        Assert.Equal(64 * 2, range.RowBytes);
        var row = new byte[range.RowBytes];
        System.Runtime.InteropServices.Marshal.Copy(range.RowAddress(5), row, 0, row.Length);
        Assert.Equal(range.Row(5).ToArray(), row);
        Assert.Throws<ArgumentOutOfRangeException>(() => range.RowAddress(16));
    }

    [Fact]
    public void Stored_types_become_the_same_floats()
    {
        string folder = TestPaths.Model("tiny-cla-fp32");
        float[] exact = Load(folder, w => w.RouterGate(0).ToSingles());
        using TempFolder half = CheckpointRewriter.Copy(folder, tensors => tensors.ForEachReplace(
            t => t.Name.EndsWith("0.mlp.gate.wg.weight", StringComparison.Ordinal), t => ToHalf(t)));
        float[] rounded = Load(half.Root, w => w.RouterGate(0).ToSingles());
        Assert.Equal(exact.Select(v => (float)(Half)v), rounded);
    }

    [Fact]
    public void Tied_models_use_the_embedding_and_may_still_hold_an_lm_head()
    {
        using TempFolder copy = CheckpointRewriter.Copy(TestPaths.Model("tiny-noqknorm"), tensors => tensors.Add(
            new TensorData("lm_head.weight", StoredType.BF16, [512, 48], new byte[512 * 48 * 2])));
        using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
        var weights = new Weights(ModelConfig.Load(copy.Root), checkpoint);
        weights.Validate();
        Assert.Equal("model.embed_tokens.weight", weights.LmHead().Name);
    }

    [Fact]
    public void Rotary_buffers_are_ignored()
    {
        using TempFolder copy = CheckpointRewriter.Copy(TestPaths.Model("tiny-cla"), tensors => tensors.Add(
            new TensorData("model.layers.0.self_attn.rotary_emb.inv_freq", StoredType.F32, [4], new byte[16])));
        using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
        new Weights(ModelConfig.Load(copy.Root), checkpoint).Validate();
    }

    [Fact]
    public void Some_layers_can_be_used_while_others_are_absent()
    {
        using TempFolder copy = CheckpointRewriter.Copy(
            TestPaths.Model("tiny-cla"), tensors => tensors.RemoveAll(t => !t.Name.StartsWith("model.layers.2.", StringComparison.Ordinal)));
        using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
        var weights = new Weights(ModelConfig.Load(copy.Root), checkpoint);
        Assert.Equal(64, weights.Query(2).Rows);
        Assert.Equal(96, weights.ExpertGate(2, 7).Rows);
        Assert.Throws<ModelException>(() => weights.Query(1));
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using Checkpoint checkpoint = Checkpoint.Open(TestPaths.Model("tiny-cla"));
        var weights = new Weights(ModelConfig.Load(TestPaths.Model("tiny-cla")), checkpoint);
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.Key(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.Dense(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.Expert(0, 16));
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => weights.Key(0).ToSingles());
    }

    private static T Load<T>(string folder, Func<Weights, T> read)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        return read(new Weights(ModelConfig.Load(folder), checkpoint));
    }

    internal static IEnumerable<RowSource> All(Weights weights)
    {
        ModelConfig config = weights.Config;
        List<RowSource?> rows = [weights.Embedding(), weights.LmHead(), weights.FinalNorm()];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            rows.AddRange([weights.Query(layer), weights.QueryBias(layer), weights.AttentionOutput(layer), weights.QueryNorm(layer)]);
            if (config.IsSelfLayer(layer))
            {
                rows.AddRange([weights.Key(layer), weights.KeyBias(layer), weights.Value(layer), weights.ValueBias(layer)]);
            }

            if (!config.IsMoeLayer(layer))
            {
                rows.AddRange([weights.DenseGate(layer), weights.DenseUp(layer), weights.DenseDown(layer)]);
                continue;
            }

            if (config.SharedExperts(layer) > 0)
            {
                rows.AddRange([weights.SharedGate(layer), weights.SharedUp(layer), weights.SharedDown(layer)]);
            }

            for (int expert = 0; expert < config.Experts; expert++)
            {
                rows.AddRange([weights.ExpertGate(layer, expert), weights.ExpertUp(layer, expert), weights.ExpertDown(layer, expert)]);
            }
        }

        return rows.OfType<RowSource>();
    }

    internal static void Pack(List<TensorData> tensors, ModelConfig config)
    {
        foreach (TensorData k in tensors.Where(t => t.Name.Contains(".k_proj.", StringComparison.Ordinal)).ToList())
        {
            TensorData q = tensors.Single(t => t.Name == k.Name.Replace("k_proj", "q_proj", StringComparison.Ordinal));
            TensorData v = tensors.Single(t => t.Name == k.Name.Replace("k_proj", "v_proj", StringComparison.Ordinal));
            int head = k.Bytes.Length / config.KvHeads;
            var bytes = new List<byte>();
            for (int h = 0; h < config.KvHeads; h++)
            {
                bytes.AddRange(q.Bytes.AsSpan(h * head * config.QueryGroup, head * config.QueryGroup));
                bytes.AddRange(k.Bytes.AsSpan(h * head, head));
                bytes.AddRange(v.Bytes.AsSpan(h * head, head));
            }

            long[] shape = [.. k.Shape];
            shape[0] = config.QuerySize + (2 * config.KvSize);
            tensors.RemoveAll(t => t == q || t == k || t == v);
            tensors.Add(new(k.Name.Replace("k_proj", "qkv_proj", StringComparison.Ordinal), k.Type, shape, [.. bytes]));
        }

        foreach (TensorData gate in tensors.Where(t => GateName().IsMatch(t.Name)).ToList())
        {
            TensorData up = tensors.Single(t => t.Name == gate.Name.Replace("gate_proj", "up_proj", StringComparison.Ordinal));
            tensors.RemoveAll(t => t == gate || t == up);
            tensors.Add(new(
                gate.Name.Replace("gate_proj", "gate_and_up_proj", StringComparison.Ordinal),
                gate.Type,
                [2 * gate.Shape[0], gate.Shape[1]],
                [.. up.Bytes, .. gate.Bytes]));
        }
    }

    // The names and the stacked experts that the publisher's conversion writes.
    internal static void ToOuter(List<TensorData> tensors, ModelConfig config)
    {
        for (int layer = config.FirstMoeLayer; layer < config.Layers + config.PredictLayers; layer++)
        {
            string prefix = $"model.layers.{layer}.mlp.experts.";
            List<byte> gateUp = [], down = [];
            for (int expert = 0; expert < config.Experts; expert++)
            {
                foreach (string name in new[] { "gate_proj", "up_proj", "down_proj" })
                {
                    TensorData one = tensors.Single(t => t.Name == $"{prefix}{expert}.{name}.weight");
                    (name == "down_proj" ? down : gateUp).AddRange(one.Bytes);
                    tensors.Remove(one);
                }
            }

            int width = config.IntermediateSize(config.Layers - 1);
            tensors.Add(new(prefix + "gate_up_proj", StoredType.BF16, [config.Experts, 2 * width, config.HiddenSize], [.. gateUp]));
            tensors.Add(new(prefix + "down_proj", StoredType.BF16, [config.Experts, config.HiddenSize, width], [.. down]));
        }

        tensors.ForEachReplace(static _ => true, static t => t with
        {
            Name = t.Name.Replace("mlp.router.gate.", "mlp.gate.", StringComparison.Ordinal)
                .Replace("mlp.expert_bias", "mlp.e_score_correction_bias", StringComparison.Ordinal)
                .Replace("mlp.shared_mlp.", "mlp.shared_experts.", StringComparison.Ordinal),
        });
    }

    private static TensorData ToHalf(TensorData tensor)
    {
        var bytes = new byte[tensor.Bytes.Length / 2];
        for (int i = 0; i < bytes.Length / 2; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(2 * i), (Half)BitConverter.ToSingle(tensor.Bytes, 4 * i));
        }

        return tensor with { Type = StoredType.F16, Bytes = bytes };
    }

    [GeneratedRegex(@"\.gate_proj\.weight$")]
    private static partial Regex GateName();
}
