using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Which silo holds which layers' attention and which experts. It follows from the model's config, the silos alive and the plan before,
/// and from nothing else: every silo that computes it gets the same one, in whatever order it knows the silos. It does not know grains,
/// and moves nothing.
/// </summary>
public sealed class PartitionPlan
{
    private readonly string[] _attention;
    private readonly string[][][] _experts;

    private PartitionPlan(PlanProblem problem, PlanState state, int[][][] copies, PartitionPlan? previous, MemoryShortfall? shortage)
    {
        Problem = problem;
        Layout = state.Layout;
        KvBytesPerToken = problem.Options.Kv.PositionBytes(problem.Config);
        Fits = shortage is null;
        if (shortage is { } missing)
        {
            (MissingBytes, Refusal) = missing;
            (_attention, _experts) = ([], []);
            Silos = [.. problem.Silos.Select(Empty).OrderBy(s => s.Silo.Name, StringComparer.Ordinal)];
            Predicted = new PlanPrediction(0, 0);
            Delta = new PlanDelta([]);
            return;
        }

        string Name(int silo) => problem.Silos[silo].Name;
        _attention = [.. state.GroupOwner.Select(Name)];
        _experts = [.. state.ExpertOwner.Select((row, layer) => row.Select((owner, e) => (string[])[Name(owner), .. copies[layer][e].Select(Name)]).ToArray())];
        Silos = [.. Enumerable.Range(0, problem.Silos.Length).Select(s => Of(state, copies, s)).OrderBy(s => s.Silo.Name, StringComparer.Ordinal)];
        KvTokens = Silos.Where(s => s.Attention.Count > 0).Min(s => s.KvTokens);
        SpeedEstimate speed = new(state);
        Predicted = new PlanPrediction(1 / speed.Seconds, speed.Calls);
        Delta = PlanDelta.Between(previous, this);
    }

    /// <summary>Everything has a place. Where false, no silo holds anything.</summary>
    public bool Fits { get; }

    /// <summary>Bytes of memory that are missing at least; 0 where it fits.</summary>
    public long MissingBytes { get; }

    /// <summary>Why it does not fit; null where it does.</summary>
    public string? Refusal { get; }

    /// <summary>Every silo given, by name, those that hold nothing too.</summary>
    public IReadOnlyList<SiloPlan> Silos { get; }

    /// <summary>How experts are dealt out.</summary>
    public ExpertLayout Layout { get; }

    /// <summary>Bytes of K/V of one position over all layers, without padding.</summary>
    public long KvBytesPerToken { get; }

    /// <summary>Positions that the attention shard with the least room can hold, so what all sessions together may have.</summary>
    public long KvTokens { get; }

    /// <summary>How fast it should be.</summary>
    public PlanPrediction Predicted { get; }

    /// <summary>What silos have to load, compared with <see cref="PlanOptions.Previous"/>; everything where there was none.</summary>
    public PlanDelta Delta { get; }

    internal PlanProblem Problem { get; }

    /// <summary>Makes a plan.</summary>
    /// <param name="config">The model.</param>
    /// <param name="silos">The silos alive, in any order, names unique.</param>
    /// <param name="options">Formats, the plan before, loads.</param>
    /// <returns>The plan; where the model does not fit, one that says so and what is missing.</returns>
    /// <exception cref="ModelException">A value is out of range, or the plan before is of a model of another shape.</exception>
    public static PartitionPlan Create(ModelConfig config, IReadOnlyList<SiloCapacity> silos, PlanOptions? options = null)
    {
        PlanProblem problem = new(config, silos, options ?? new PlanOptions());
        PartitionPlan? previous = Previous(config, options);
        PlanState state = PlanSearch.Find(problem, previous);
        return state.Complete
            ? new PartitionPlan(problem, state, ReplicaPlacer.Place(state, previous), previous, null)
            : new PartitionPlan(problem, state, [], previous, MemoryShortfall.Of(state));
    }

    /// <summary>A plan equal to the one captured.</summary>
    /// <param name="config">The model it was made for.</param>
    /// <param name="snapshot">The capture; not kept.</param>
    /// <param name="options">Those it was made with: formats and loads decide its sizes and figures; <see cref="Delta"/> compares with
    /// <see cref="PlanOptions.Previous"/>.</param>
    /// <exception cref="ModelException">A value is out of range, or the snapshot is of a model of another shape.</exception>
    public static PartitionPlan Restore(ModelConfig config, PlanSnapshot snapshot, PlanOptions? options = null)
    {
        PlanProblem problem = new(config, snapshot.Silos, options ?? new PlanOptions());
        (PlanState state, int[][][] copies) = PlanRestorer.Restore(problem, snapshot);
        MemoryShortfall? shortage = snapshot.Refusal is { } refusal ? new MemoryShortfall(snapshot.MissingBytes, refusal) : null;
        return new PartitionPlan(problem, state, copies, Previous(config, options), shortage);
    }

    /// <summary>Who holds what as plain values; see <see cref="Restore"/>.</summary>
    public PlanSnapshot Capture()
    {
        Dictionary<string, int> numbers = Problem.Silos.Select((silo, s) => (silo.Name, s)).ToDictionary(p => p.Name, p => p.s);
        return new PlanSnapshot
        {
            Silos = [.. Problem.Silos],
            Layout = Layout,
            GroupSilos = [.. _attention.Select(name => numbers[name])],
            ExpertSilos = [.. _experts.Select(layer => layer.Select(holders => holders.Select(name => numbers[name]).ToArray()).ToArray())],
            MissingBytes = MissingBytes,
            Refusal = Refusal,
        };
    }

    /// <summary>Throws where the model does not fit.</summary>
    /// <exception cref="DoesNotFitException">It does not; the message says what is missing.</exception>
    public void EnsureFits()
    {
        if (!Fits)
        {
            throw new DoesNotFitException(Refusal!, MissingBytes);
        }
    }

    /// <summary>Name of the silo that has a layer's attention, router and shared expert.</summary>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public string AttentionSilo(int layer)
    {
        EnsureFits();
        return _attention[layer / Problem.Config.ClaFactor];
    }

    /// <summary>Name of the silo that is the first holder of an expert.</summary>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public string ExpertSilo(int layer, int expert) => ExpertSilos(layer, expert)[0];

    /// <summary>Names of all silos that hold an expert, the first holder first.</summary>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public IReadOnlyList<string> ExpertSilos(int layer, int expert)
    {
        EnsureFits();
        return _experts[layer][expert];
    }

    /// <summary>Bytes of the attention, routers and shared experts of layers, with embedding or lm_head where they are among them.</summary>
    public long AttentionBytes(LayerRange range)
    {
        long bytes = range.FirstLayer == 0 ? Problem.Sizes.Embedding : 0;
        bytes += range.LastLayer == Problem.Config.Layers - 1 ? Problem.Sizes.Head : 0;
        return bytes + Enumerable.Range(range.FirstLayer, range.Layers).Sum(l => Problem.Sizes.Attention(l) + Problem.Sizes.Router(l));
    }

    /// <summary>Bytes of an expert group.</summary>
    public long ExpertBytes(ExpertRange range) =>
        range.Experts * Enumerable.Range(range.FirstLayer, range.Layers).Sum(layer => Problem.ExpertBytes[layer]);

    private static PartitionPlan? Previous(ModelConfig config, PlanOptions? options)
    {
        PartitionPlan? previous = options?.Previous;
        return previous is null || SameShape(previous.Problem.Config, config)
            ? previous
            : throw new ModelException($"The plan before is of a model of another shape ({previous.Problem.Config.Source}); allowed: one of {config.Source}.");
    }

    private static bool SameShape(ModelConfig a, ModelConfig b) =>
        a.Layers == b.Layers && a.ClaFactor == b.ClaFactor && a.Experts == b.Experts
        && Enumerable.Range(0, a.Layers).All(layer => a.IsMoeLayer(layer) == b.IsMoeLayer(layer));

    private static SiloPlan Empty(SiloCapacity silo) => new()
    {
        Silo = silo,
        Attention = [],
        Experts = [],
        Replicas = [],
        HoldsEmbedding = false,
        HoldsHead = false,
        WeightBytes = 0,
        KvTokens = 0,
        TouchedBytesPerToken = 0,
    };

    private SiloPlan Of(PlanState state, int[][][] copies, int s)
    {
        ModelConfig config = Problem.Config;
        List<LayerRange> attention = RangeCover.Layers(config.Layers, layer => state.GroupOwner[layer / config.ClaFactor] == s);
        List<ExpertRange> experts = RangeCover.Experts(config.Layers, config.Experts, (l, e) => config.IsMoeLayer(l) && state.ExpertOwner[l][e] == s);
        List<ExpertRange> replicas = RangeCover.Experts(config.Layers, config.Experts, (l, e) => config.IsMoeLayer(l) && copies[l][e].Contains(s));
        long weights = attention.Sum(AttentionBytes) + experts.Concat(replicas).Sum(ExpertBytes);
        int groups = attention.Sum(range => range.Layers) / config.ClaFactor;
        long blocks = groups > 0 ? (Problem.Silos[s].MemoryBytes - weights) / (groups * Problem.KvBlockBytes) : 0;
        return new SiloPlan
        {
            Silo = Problem.Silos[s],
            Attention = attention,
            Experts = experts,
            Replicas = replicas,
            HoldsEmbedding = state.GroupOwner[0] == s,
            HoldsHead = state.GroupOwner[^1] == s,
            WeightBytes = weights,
            KvTokens = blocks * KvBlocks.Positions,
            TouchedBytesPerToken = Touched(state, copies, s),
        };
    }

    // Holders of copies share their expert's tokens evenly.
    private double Touched(PlanState state, int[][][] copies, int s)
    {
        double touched = state.GroupOwner[^1] == s ? Problem.Sizes.Head : 0;
        for (int g = 0; g < state.GroupOwner.Length; g++)
        {
            touched += state.GroupOwner[g] == s ? Problem.GroupWork[g] : 0;
        }

        foreach ((int layer, int expert) in state.ExpertOrder)
        {
            int[] others = copies[layer][expert];
            touched += state.ExpertOwner[layer][expert] == s || others.Contains(s) ? Problem.ExpertWork[layer][expert] / (1 + others.Length) : 0;
        }

        return touched;
    }
}
