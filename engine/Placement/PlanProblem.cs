using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// What is to be placed, and where it may go: CLA groups (attention, router, shared expert, K/V of their layers) and routed experts, each
/// with bytes and with the bytes a token is expected to touch. Silos stand in one order, whatever order they were given in.
/// </summary>
internal sealed class PlanProblem
{
    public const long DefaultKvTokens = 4096;

    public PlanProblem(ModelConfig config, IReadOnlyList<SiloCapacity> silos, PlanOptions options)
    {
        Config = config;
        // Each plan would otherwise keep all plans before it alive.
        Options = options with { Previous = null };
        Sizes = new WeightSizes(config, WeightTypes.Of(config, options.Mode, options.Quant));
        Silos = [.. silos.OrderBy(s => s.Zone, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal)];
        Validate();
        KvBlockBytes = options.Kv.BlockBytes(config);
        KvReserve = Reserve(options.MinKvTokens > 0 ? options.MinKvTokens : Math.Min(config.MaxPositions, DefaultKvTokens));
        GroupBytes = new long[config.KvGroups];
        ExpertBytes = new long[config.Layers];
        ExpertProbability = new double[config.Layers][];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            GroupBytes[layer / config.ClaFactor] += Sizes.Attention(layer) + Sizes.Router(layer);
            ExpertBytes[layer] = Sizes.Expert(layer);
            ExpertProbability[layer] = Chances(layer);
        }

        GroupBytes[0] += Sizes.Embedding;
        GroupBytes[^1] += Sizes.Head;
        Speed = [.. Silos.Select(s => s.MemoryBandwidth)];
        GroupWork = [.. GroupBytes.Select(b => (double)b)];

        // A token reads one row of the embedding. lm_head is left out of the balance: to make up for it, its silo would give away
        // experts of many times its bytes.
        GroupWork[0] -= Sizes.Embedding;
        GroupWork[^1] -= Sizes.Head;
        ExpertWork = [.. ExpertProbability.Select((chance, layer) => chance.Select(c => c * ExpertBytes[layer]).ToArray())];
    }

    private PlanProblem(PlanProblem other, long kvReserve, bool byMemory)
    {
        (Config, Options, Sizes, Silos) = (other.Config, other.Options, other.Sizes, other.Silos);
        (KvBlockBytes, KvReserve, GroupBytes, ExpertBytes, ExpertProbability) =
            (other.KvBlockBytes, kvReserve, other.GroupBytes, other.ExpertBytes, other.ExpertProbability);
        (Speed, GroupWork, ExpertWork) = (other.Speed, other.GroupWork, other.ExpertWork);
        if (byMemory)
        {
            Speed = [.. Silos.Select(s => (double)s.MemoryBytes)];
            GroupWork = [.. GroupBytes.Select(b => (double)(b + KvReserve))];
            ExpertWork = [.. ExpertProbability.Select((chance, layer) => chance.Select(_ => (double)ExpertBytes[layer]).ToArray())];
        }
    }

    public ModelConfig Config { get; }

    public PlanOptions Options { get; }

    public WeightSizes Sizes { get; }

    /// <summary>By zone, then name.</summary>
    public SiloCapacity[] Silos { get; }

    /// <summary>Bytes of a K/V block in one CLA group.</summary>
    public long KvBlockBytes { get; }

    /// <summary>K/V bytes every CLA group must have room for.</summary>
    public long KvReserve { get; }

    /// <summary>Weights of each CLA group; the first has the embedding, the last lm_head.</summary>
    public long[] GroupBytes { get; }

    /// <summary>Bytes of one expert, by layer; 0 without experts.</summary>
    public long[] ExpertBytes { get; }

    /// <summary>Probability that a token goes to an expert, [layer][expert]; they add up to the layer's top-k.</summary>
    public double[][] ExpertProbability { get; }

    /// <summary>What a silo's share of work follows.</summary>
    public double[] Speed { get; }

    /// <summary>Work of each CLA group: bytes touched by a token.</summary>
    public double[] GroupWork { get; }

    /// <summary>Work of each expert: bytes expected to be touched by a token.</summary>
    public double[][] ExpertWork { get; }

    /// <summary>The same, but with room taken for work and memory for speed: fills all silos to the same part, for tight fits.</summary>
    public PlanProblem ByMemory() => new(this, KvReserve, byMemory: true);

    /// <summary>The same, but with half of all memory beyond the weights set aside for K/V, so that no shard is left with little.</summary>
    public PlanProblem WithAmpleKv()
    {
        double free = Silos.Where(s => s.TakesAttention || s.TakesExperts).Sum(s => (double)s.MemoryBytes)
            - GroupBytes.Sum(b => (double)b) - ExpertProbability.Select((chance, layer) => (double)chance.Length * ExpertBytes[layer]).Sum();
        long tokens = (long)(free / 2 / ((double)KvBlockBytes * GroupBytes.Length) * KvBlocks.Positions);
        return new PlanProblem(this, Math.Max(KvReserve, Reserve(Math.Max(0, tokens))), byMemory: false);
    }

    /// <summary>The moe layers' experts in the order in which silos take them.</summary>
    public List<(int Layer, int Expert)> ExpertOrder(ExpertLayout layout)
    {
        List<(int Layer, int Expert)> line = [];
        int outer = layout == ExpertLayout.Stacked ? Config.Layers : Config.Experts;
        int inner = layout == ExpertLayout.Stacked ? Config.Experts : Config.Layers;
        for (int i = 0; i < outer; i++)
        {
            for (int j = 0; j < inner; j++)
            {
                (int layer, int expert) = layout == ExpertLayout.Stacked ? (i, j) : (j, i);
                if (Config.IsMoeLayer(layer))
                {
                    line.Add((layer, expert));
                }
            }
        }

        return line;
    }

    private long Reserve(long tokens) => (tokens + KvBlocks.Positions - 1) / KvBlocks.Positions * KvBlockBytes;

    // One token is added to every count, so that an expert nobody asked for yet still has a chance.
    private double[] Chances(int layer)
    {
        if (!Config.IsMoeLayer(layer))
        {
            return [];
        }

        double[] chances = new double[Config.Experts];
        double total = 0;
        for (int e = 0; e < chances.Length; e++)
        {
            total += chances[e] = 1.0 + (Options.Load?.Count(layer, e) ?? 0);
        }

        for (int e = 0; e < chances.Length; e++)
        {
            chances[e] = Math.Min(1, Config.TopK(layer) * chances[e] / total);
        }

        return chances;
    }

    private void Validate()
    {
        Options.Validate();
        Options.Load?.Validate(Config);
        if (Silos.Length == 0)
        {
            throw new ModelException("There is no silo to place the model on; allowed: one or more.");
        }

        HashSet<string> names = [];
        foreach (SiloCapacity silo in Silos)
        {
            silo.Validate();
            if (!names.Add(silo.Name))
            {
                throw new ModelException($"Two silos are named {silo.Name}; allowed: each name once.");
            }
        }
    }
}
