using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// What a plan must place, and where it may go: CLA groups (attention, router, shared expert and K/V of their layers) and routed experts,
/// each with its bytes and with the bytes that a token is expected to read. The order of silos does not depend on the order in which they
/// were given.
/// </summary>
internal sealed class PlanProblem
{
    public const long DefaultKvTokens = 4096;

    /// <summary>Bytes of an element of a row that goes to an expert and back.</summary>
    public const int SentElementBytes = 2;

    public PlanProblem(ModelConfig config, IReadOnlyList<SiloCapacity> silos, PlanOptions options)
    {
        Config = config;
        // Otherwise each plan would keep all plans before it in memory.
        Options = options with { Previous = null, Held = null };
        Sizes = new WeightSizes(config, WeightTypes.Of(config, options.Mode, options.Quant));
        Silos = [.. silos.OrderBy(s => s.Zone, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal)];
        Validate();
        KvBlockBytes = options.Kv.BlockBytes(config);
        KvReserve = KvBytes(options.MinKvTokens > 0 ? options.MinKvTokens : Math.Min(config.MaxPositions, DefaultKvTokens));
        GroupBytes = new long[config.KvGroups];
        ExpertBytes = new long[config.Layers];
        ExpertProbability = new double[config.Layers][];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            GroupBytes[layer / config.ClaFactor] += Sizes.Attention(layer) + Sizes.Router(layer);
            ExpertBytes[layer] = Sizes.Expert(layer);
            ExpertProbability[layer] = Probabilities(layer);
        }

        GroupBytes[0] += Sizes.Embedding;
        GroupBytes[^1] += Sizes.Head;
        Speed = [.. Silos.Select(s => s.MemoryBandwidth)];
        GroupWork = [.. GroupBytes.Select(b => (double)b)];

        // A token reads only one row of the embedding. lm_head is left out of the balance: to compensate for it, its silo would give away
        // experts with many times its bytes.
        GroupWork[0] -= Sizes.Embedding;
        GroupWork[^1] -= Sizes.Head;
        ExpertWork = [.. ExpertProbability.Select((probabilities, layer) => probabilities.Select(p => p * ExpertBytes[layer]).ToArray())];
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
            ExpertWork = [.. ExpertProbability.Select((probabilities, layer) => probabilities.Select(_ => (double)ExpertBytes[layer]).ToArray())];
        }
    }

    public ModelConfig Config { get; }

    public PlanOptions Options { get; }

    public WeightSizes Sizes { get; }

    /// <summary>The silos, ordered by zone, then name.</summary>
    public SiloCapacity[] Silos { get; }

    /// <summary>Bytes of one K/V block of one CLA group.</summary>
    public long KvBlockBytes { get; }

    /// <summary>Bytes of K/V that every CLA group requires.</summary>
    public long KvReserve { get; }

    /// <summary>Bytes of the weights of each CLA group; the first includes the embedding, the last lm_head.</summary>
    public long[] GroupBytes { get; }

    /// <summary>Bytes of one expert, by layer; 0 for a layer without experts.</summary>
    public long[] ExpertBytes { get; }

    /// <summary>Probability that a token goes to an expert, [layer][expert]; a layer's sum is its top-k.</summary>
    public double[][] ExpertProbability { get; }

    /// <summary>Speed of each silo, to which its share of work is proportional.</summary>
    public double[] Speed { get; }

    /// <summary>Work of each CLA group: bytes that a token reads.</summary>
    public double[] GroupWork { get; }

    /// <summary>Work of each expert: bytes that a token is expected to read.</summary>
    public double[][] ExpertWork { get; }

    /// <summary>The same problem with bytes as work and memory as speed, which fills all silos evenly; for tight fits.</summary>
    public PlanProblem ByMemory() => new(this, KvReserve, byMemory: true);

    /// <summary>
    /// The same problem with half of the memory beyond the weights required for K/V, so that no shard is left with little.
    /// </summary>
    public PlanProblem WithAmpleKv()
    {
        double free = Silos.Where(s => s.TakesAttention || s.TakesExperts).Sum(s => (double)s.MemoryBytes)
            - GroupBytes.Sum(b => (double)b) - ExpertProbability.Select((probabilities, layer) => (double)probabilities.Length * ExpertBytes[layer]).Sum();
        long tokens = (long)(free / 2 / ((double)KvBlockBytes * GroupBytes.Length) * KvBlocks.Positions);
        return new PlanProblem(this, Math.Max(KvReserve, KvBytes(Math.Max(0, tokens))), byMemory: false);
    }

    /// <summary>Seconds in which a silo multiplies rows by weights that it reads once.</summary>
    /// <param name="silo">The silo's index.</param>
    /// <param name="bytes">Bytes of the weights.</param>
    /// <param name="type">Their type.</param>
    /// <param name="rows">Number of rows, also between whole numbers.</param>
    public double ReadSeconds(int silo, long bytes, ElementType type, double rows)
    {
        // Each element takes one multiplication and one addition for every row.
        double elements = bytes * type.ElementsPerByte();
        return Math.Max(bytes / Silos[silo].MemoryBandwidth, 2 * elements * rows / Silos[silo].Operations);
    }

    /// <summary>Seconds of a call between two silos without what it carries: the latency of the slower one.</summary>
    public double CallSeconds(int a, int b) => Math.Max(Silos[a].NetworkLatency, Silos[b].NetworkLatency);

    /// <summary>Seconds for each byte that a call between two silos carries.</summary>
    public double SecondsPerByte(int a, int b) => 1 / Math.Min(Silos[a].NetworkBandwidth, Silos[b].NetworkBandwidth);

    /// <summary>Seconds in which the residual stream goes from one silo to the next.</summary>
    public double HopSeconds(int a, int b, double rows) => CallSeconds(a, b) + (rows * Config.HiddenSize * sizeof(float) * SecondsPerByte(a, b));

    /// <summary>The experts of all MoE layers in the order in which silos take them.</summary>
    public List<(int Layer, int Expert)> ExpertOrder(ExpertLayout layout)
    {
        List<(int Layer, int Expert)> order = [];
        int outer = layout == ExpertLayout.Stacked ? Config.Layers : Config.Experts;
        int inner = layout == ExpertLayout.Stacked ? Config.Experts : Config.Layers;
        for (int i = 0; i < outer; i++)
        {
            for (int j = 0; j < inner; j++)
            {
                (int layer, int expert) = layout == ExpertLayout.Stacked ? (i, j) : (j, i);
                if (Config.IsMoeLayer(layer))
                {
                    order.Add((layer, expert));
                }
            }
        }

        return order;
    }

    private long KvBytes(long tokens) => (tokens + KvBlocks.Positions - 1) / KvBlocks.Positions * KvBlockBytes;

    // Every count is raised by one token, so that an expert that was never chosen has a probability above 0.
    private double[] Probabilities(int layer)
    {
        if (!Config.IsMoeLayer(layer))
        {
            return [];
        }

        double[] probabilities = new double[Config.Experts];
        double total = 0;
        for (int e = 0; e < probabilities.Length; e++)
        {
            total += probabilities[e] = 1.0 + (Options.Load?.Count(layer, e) ?? 0);
        }

        for (int e = 0; e < probabilities.Length; e++)
        {
            probabilities[e] = Math.Min(1, Config.TopK(layer) * probabilities[e] / total);
        }

        return probabilities;
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
