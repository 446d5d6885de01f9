using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>The bytes of a plan equal the bytes that the parts of the model actually pack.</summary>
public sealed class WeightSizesTests
{
    public static TheoryData<string, ComputeMode, QuantFormat> Models
    {
        get
        {
            TheoryData<string, ComputeMode, QuantFormat> models = [];
            foreach (string folder in Directory.GetDirectories(Path.Combine(TestPaths.Data, "models")).Append(TestPaths.DemoModel).Order())
            {
                models.Add(Path.GetRelativePath(TestPaths.Root, folder), ComputeMode.F32, QuantFormat.None);
                foreach (QuantFormat quant in Enum.GetValues<QuantFormat>())
                {
                    models.Add(Path.GetRelativePath(TestPaths.Root, folder), ComputeMode.Bf16, quant);
                }
            }

            return models;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_parts_on_each_silo_take_the_bytes_of_the_plan(string folder, ComputeMode mode, QuantFormat quant)
    {
        folder = Path.Combine(TestPaths.Root, folder);
        using ModelDevice device = ModelDevice.Open(folder, new ModelOptions { Mode = mode, Quant = quant, Threads = 1, PinThreads = false, MaxBatchTokens = 4, KvTokens = 96 });
        ModelConfig config = device.Config;
        PlanOptions options = new() { Mode = mode, Quant = quant, Kv = device.Options.CacheFormat };
        WeightSizes sizes = new(config, WeightTypes.Of(config, mode, quant));
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(3, 1 << 30), options);
        Assert.Equal(options.Kv.BlockBytes(config), device.Cache.BlockBytes);
        Assert.Equal(device.Cache.BlockBytes * device.Cache.Groups, plan.KvBytesPerToken * 32);
        PlanCases.Check(plan, config, options);
        Assert.Equal(3 * options.Kv.BlockBytes(config), device.Cache.GroupBytes);
        foreach (SiloPlan silo in plan.Silos)
        {
            long bytes = silo.HoldsHead ? device.SizeOf(ModelPiece.Head) : 0;
            foreach (LayerRange range in silo.Attention)
            {
                for (int layer = range.FirstLayer; layer < range.FirstLayer + range.Layers; layer += config.ClaFactor)
                {
                    bytes += device.SizeOf(ModelPiece.Attention(layer));
                }
            }

            foreach (ExpertRange range in silo.Experts)
            {
                for (int layer = range.FirstLayer; layer < range.FirstLayer + range.Layers; layer++)
                {
                    for (int expert = range.FirstExpert; config.IsMoeLayer(layer) && expert < range.FirstExpert + range.Experts; expert++)
                    {
                        bytes += device.SizeOf(ModelPiece.OfExpert(layer, expert));
                    }
                }
            }

            Assert.Equal(silo.WeightBytes, bytes + (silo.HoldsEmbedding ? sizes.Embedding : 0));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_whole_model_takes_the_bytes_of_a_plan_for_one_silo(string folder, ComputeMode mode, QuantFormat quant)
    {
        folder = Path.Combine(TestPaths.Root, folder);
        using ModelRunner runner = ModelRunner.Load(folder, new ModelOptions { Mode = mode, Quant = quant, Threads = 1, PinThreads = false, KvTokens = 64 });
        WeightSizes sizes = new(runner.Config, runner.Types);
        Assert.Equal(runner.WeightBytes, sizes.Packed);
        Assert.Equal(runner.WeightBytes + sizes.Embedding, PlanCases.Bytes(runner.Config, mode, quant));
    }

    [Fact]
    public void Formats_shrink_the_matrices_they_quantise()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        WeightSizes Of(QuantFormat quant) => new(config, WeightTypes.Of(config, ComputeMode.Bf16, quant));
        WeightSizes bf16 = Of(QuantFormat.None);

        // A float32 scale for each row of three matrices, plus less than a page of padding for each of two.
        long scales = 4L * ((2 * config.IntermediateSize(0)) + config.HiddenSize);
        foreach (QuantFormat quant in new[] { QuantFormat.Int8, QuantFormat.Int8All, QuantFormat.Fp8 })
        {
            Assert.InRange(Of(quant).Expert(0) - (bf16.Expert(0) / 2), scales, scales + 8192);
            Assert.InRange(Of(quant).Shared(0) - (bf16.Shared(0) / 2), scales, scales + 8192);
            Assert.Equal(bf16.Gate(0), Of(quant).Gate(0));
        }

        Assert.Equal((bf16.Attention(1), bf16.Head), (Of(QuantFormat.Int8).Attention(1), Of(QuantFormat.Int8).Head));
        Assert.Equal(bf16.Head, Of(QuantFormat.Fp8).Head);
        Assert.InRange(Of(QuantFormat.Fp8).Attention(1), bf16.Attention(1) / 2, bf16.Attention(1) * 0.501);
        Assert.Equal(Of(QuantFormat.Int8All).Attention(1), Of(QuantFormat.Int4).Attention(1));
        Assert.Equal(Of(QuantFormat.Int8All).Head, Of(QuantFormat.Int4All).Head);

        // Four bits per element, plus a sixteenth of a byte for the scale.
        foreach (QuantFormat quant in new[] { QuantFormat.Int4, QuantFormat.Int4All })
        {
            Assert.InRange(Of(quant).Expert(0), bf16.Expert(0) * 0.28125, bf16.Expert(0) * 0.2815);
        }

        Assert.InRange(Of(QuantFormat.Int4All).Attention(1), bf16.Attention(1) * 0.28125, bf16.Attention(1) * 0.283);
    }
}
