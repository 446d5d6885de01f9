using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using System.Text.Json;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Models and silos for tests of plans, and checks that hold for every plan.</summary>
internal static class PlanCases
{
    public static ModelConfig Published(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Data, "configs", name + ".json")));
        return ModelConfig.Parse(json.RootElement, name);
    }

    public static ModelConfig Small(int layers = 12, int experts = 8, int topK = 2, int cla = 2, int hidden = 128, int width = 256) =>
        RandomModel.Config(new RandomModelOptions
        {
            Layers = layers,
            Hidden = hidden,
            Heads = 4,
            KvHeads = 2,
            HeadDim = 32,
            Intermediate = width,
            Experts = experts,
            TopK = Math.Min(topK, experts),
            Vocab = 512,
            ClaFactor = cla,
            MaxPositions = 1024,
        });

    public static SiloCapacity Silo(string name, long memory, double bandwidth = 1e12, SiloRole role = SiloRole.Any) =>
        new() { Name = name, MemoryBytes = memory, MemoryBandwidth = bandwidth, Role = role };

    public static SiloCapacity[] Alike(int count, long memory, double bandwidth = 1e12) =>
        [.. Enumerable.Range(0, count).Select(i => Silo($"s{i:00}", memory, bandwidth))];

    /// <summary>Bytes of the whole model, from a plan for one huge silo.</summary>
    public static long Bytes(ModelConfig config, ComputeMode mode = ComputeMode.Bf16, QuantFormat? quant = null) =>
        PartitionPlan.Create(config, Alike(1, 1L << 50), new PlanOptions { Mode = mode, Quant = quant }).Silos[0].WeightBytes;

    public static string Text(PartitionPlan plan) => string.Join('\n', plan.Silos.Select(s =>
        $"{s.Silo.Name}: {string.Join(' ', s.Attention)} | {string.Join(' ', s.Experts)} | {string.Join(' ', s.Replicas)} | {s.WeightBytes} {s.KvTokens}"));

    /// <summary>Checks coverage, roles, capacity and sizes of a plan that fits.</summary>
    public static void Check(PartitionPlan plan, ModelConfig config, PlanOptions options)
    {
        Assert.True(plan.Fits, plan.ShortfallMessage);
        Assert.Equal(0, plan.MissingBytes);
        Assert.Null(plan.ShortfallMessage);
        int[] attention = new int[config.Layers];
        int[,] experts = new int[config.Layers, config.Experts];
        foreach (SiloPlan silo in plan.Silos)
        {
            long bytes = 0;
            foreach (LayerRange range in silo.Attention)
            {
                Assert.Equal(0, range.FirstLayer % config.ClaFactor);
                Assert.Equal(0, range.Layers % config.ClaFactor);
                Assert.Equal(silo.Silo.Name, plan.AttentionSilo(range.LastLayer));
                bytes += plan.AttentionBytes(range);
                for (int layer = range.FirstLayer; layer <= range.LastLayer; layer++)
                {
                    attention[layer]++;
                }
            }

            foreach (ExpertRange range in silo.Experts)
            {
                bytes += plan.ExpertBytes(range);
                foreach ((int layer, int expert) in Cells(range))
                {
                    experts[layer, expert]++;
                    Assert.Equal(silo.Silo.Name, plan.ExpertSilo(layer, expert));
                }
            }

            foreach (ExpertRange range in silo.Replicas)
            {
                bytes += plan.ExpertBytes(range);
                Assert.All(Cells(range), cell =>
                {
                    Assert.NotEqual(silo.Silo.Name, plan.ExpertSilo(cell.Layer, cell.Expert));
                    Assert.Contains(silo.Silo.Name, plan.ExpertSilos(cell.Layer, cell.Expert));
                });
            }

            Assert.True(silo.Attention.Count == 0 || silo.Silo.TakesAttention);
            Assert.True(silo.Experts.Count + silo.Replicas.Count == 0 || silo.Silo.TakesExperts);
            Assert.Equal(bytes, silo.WeightBytes);
            int groups = silo.Attention.Sum(r => r.Layers) / config.ClaFactor;
            long kv = silo.KvTokens / KvBlocks.Positions * options.Kv.BlockBytes(config) * groups;
            Assert.InRange(bytes + kv, 0, silo.Silo.MemoryBytes);
            Assert.True(groups == 0 ? silo.KvTokens == 0 : silo.KvTokens >= Math.Max(plan.KvTokens, options.MinKvTokens));
        }

        Assert.All(attention, count => Assert.Equal(1, count));
        for (int layer = 0; layer < config.Layers; layer++)
        {
            for (int expert = 0; expert < config.Experts; expert++)
            {
                Assert.Equal(config.IsMoeLayer(layer) ? 1 : 0, experts[layer, expert]);
            }
        }

        Assert.Equal(plan.AttentionSilo(0), Assert.Single(plan.Silos, s => s.HoldsEmbedding).Silo.Name);
        Assert.Equal(plan.AttentionSilo(config.Layers - 1), Assert.Single(plan.Silos, s => s.HoldsHead).Silo.Name);
        Assert.True(double.IsFinite(plan.Predicted.DecodeTokensPerSecond) && plan.Predicted.DecodeTokensPerSecond > 0);
    }

    public static IEnumerable<(int Layer, int Expert)> Cells(ExpertRange range) =>
        from layer in Enumerable.Range(range.FirstLayer, range.Layers)
        from expert in Enumerable.Range(range.FirstExpert, range.Experts)
        select (layer, expert);
}
