using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>A plan's bytes are those that the parts really pack.</summary>
public sealed class WeightSizesTests
{
    public static TheoryData<string, ComputeMode> Models
    {
        get
        {
            TheoryData<string, ComputeMode> models = [];
            foreach (string folder in Directory.GetDirectories(Path.Combine(TestPaths.Data, "models")).Append(TestPaths.DemoModel).Order())
            {
                models.Add(Path.GetRelativePath(TestPaths.Root, folder), ComputeMode.Bf16);
                models.Add(Path.GetRelativePath(TestPaths.Root, folder), ComputeMode.F32);
            }

            return models;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Slices_on_silos_take_the_bytes_of_the_plan(string folder, ComputeMode mode)
    {
        folder = Path.Combine(TestPaths.Root, folder);
        using ModelDevice device = ModelDevice.Open(folder, new ModelOptions { Mode = mode, Threads = 1, PinThreads = false, MaxBatchTokens = 4, KvTokens = 96 });
        ModelConfig config = device.Config;
        PlanOptions options = new() { Weights = Format(mode), Kv = device.Options.CacheFormat };
        WeightSizes sizes = new(config, options.Weights);
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
    public void A_whole_model_takes_the_bytes_of_a_plan_for_one_silo(string folder, ComputeMode mode)
    {
        folder = Path.Combine(TestPaths.Root, folder);
        using ModelRunner runner = ModelRunner.Load(folder, new ModelOptions { Mode = mode, Threads = 1, PinThreads = false, KvTokens = 64 });
        WeightSizes sizes = new(runner.Config, Format(mode));
        Assert.Equal(runner.WeightBytes + sizes.Embedding, PlanCases.Bytes(runner.Config, Format(mode)));
    }

    [Fact]
    public void Eight_bit_formats_shrink_what_they_say()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        WeightSizes bf16 = new(config, WeightFormat.Bf16);
        WeightSizes int8 = new(config, WeightFormat.Int8);
        WeightSizes fp8 = new(config, WeightFormat.Fp8);
        long scales = 4L * ((2 * config.IntermediateSize(0)) + config.HiddenSize);
        Assert.InRange(int8.Expert(0) - (bf16.Expert(0) / 2), scales, scales + 8192);
        Assert.Equal(bf16.Expert(0) / 2, fp8.Expert(0));
        Assert.Equal(bf16.Shared(0), int8.Shared(0));
        Assert.Equal(bf16.Shared(0) / 2, fp8.Shared(0));
        Assert.Equal(bf16.Attention(1), int8.Attention(1));
        Assert.Equal(bf16.Attention(1) / 2, fp8.Attention(1));
        Assert.Equal(bf16.Head, fp8.Head);
        Assert.Equal(bf16.Gate(0), fp8.Gate(0));
    }

    private static WeightFormat Format(ComputeMode mode) => mode == ComputeMode.F32 ? WeightFormat.F32 : WeightFormat.Bf16;
}
