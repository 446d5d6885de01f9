using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Assigns the attention of layers and the experts to silos. The plan depends only on the model's config, the silos alive and the previous
/// plan, so every silo computes the same one, whatever order it knows the silos in. It does not know grains, and moves nothing.
/// </summary>
public sealed class PartitionPlan
{
    private readonly string[] _attentionSilos;
    private readonly string[][][] _expertSilos;
    private readonly StepEstimate? _estimate;

    private PartitionPlan(PlanProblem problem, PlanState state, int[][][] replicaSilos, HeldParts? held, MemoryShortfall? shortfall)
    {
        Problem = problem;
        Layout = state.Layout;
        KvBytesPerToken = problem.Options.Kv.PositionBytes(problem.Config);
        Fits = shortfall is null;
        if (shortfall is { } missing)
        {
            (MissingBytes, ShortfallMessage) = missing;
            (_attentionSilos, _expertSilos) = ([], []);
            Silos = [.. problem.Silos.Select(EmptyPlan).OrderBy(s => s.Silo.Name, StringComparer.Ordinal)];
            Predicted = new PlanPrediction(0, 0);
            Delta = new PlanDelta([]);
            return;
        }

        string Name(int silo) => problem.Silos[silo].Name;
        _attentionSilos = [.. state.GroupOwner.Select(Name)];
        _expertSilos = [.. state.ExpertOwner.Select((row, layer) => row.Select((owner, e) => (string[])[Name(owner), .. replicaSilos[layer][e].Select(Name)]).ToArray())];
        Silos = [.. Enumerable.Range(0, problem.Silos.Length).Select(s => CreateSiloPlan(state, replicaSilos, s)).OrderBy(s => s.Silo.Name, StringComparer.Ordinal)];
        KvTokens = Silos.Where(s => s.Attention.Count > 0).Min(s => s.KvTokens);
        SpeedEstimate speed = new(state);
        Predicted = new PlanPrediction(1 / speed.Seconds, speed.Calls);
        _estimate = new StepEstimate(state);
        Delta = PlanDelta.Between(held, this);
    }

    /// <summary>True if the silos can hold the whole model. If false, the plan assigns nothing.</summary>
    public bool Fits { get; }

    /// <summary>Lower bound of the missing memory, in bytes; 0 if the model fits.</summary>
    public long MissingBytes { get; }

    /// <summary>Why the model does not fit, for users; null if it fits.</summary>
    public string? ShortfallMessage { get; }

    /// <summary>All silos, including those that hold nothing, ordered by name.</summary>
    public IReadOnlyList<SiloPlan> Silos { get; }

    /// <summary>How experts are distributed.</summary>
    public ExpertLayout Layout { get; }

    /// <summary>Bytes of K/V of one position over all layers, without padding.</summary>
    public long KvBytesPerToken { get; }

    /// <summary>Positions of K/V on the attention shard with the least K/V memory, which limits all sessions together.</summary>
    public long KvTokens { get; }

    /// <summary>The speed that the plan should reach.</summary>
    public PlanPrediction Predicted { get; }

    /// <summary>What silos must load, compared with <see cref="PlanOptions.Previous"/> or <see cref="PlanOptions.Held"/>; everything if there is neither.</summary>
    public PlanDelta Delta { get; }

    internal PlanProblem Problem { get; }

    /// <summary>Creates a plan.</summary>
    /// <param name="config">The model.</param>
    /// <param name="silos">The silos alive, in any order, with unique names.</param>
    /// <param name="options">Formats, previous plan and expert loads; null for the defaults.</param>
    /// <returns>The plan. If the model does not fit, <see cref="Fits"/> is false and the plan tells what is missing.</returns>
    /// <exception cref="ModelException">A value is out of range, or the previous plan or what silos hold is of a model of another shape.</exception>
    public static PartitionPlan Create(ModelConfig config, IReadOnlyList<SiloCapacity> silos, PlanOptions? options = null)
    {
        PlanProblem problem = new(config, silos, options ?? new PlanOptions());
        HeldParts? held = Held(problem, options);
        PlanState state = PlanSearch.Find(problem, held);
        return state.IsComplete
            ? new PartitionPlan(problem, state, ReplicaPlacer.Place(state, held), held, null)
            : new PartitionPlan(problem, state, [], held, MemoryShortfall.Of(state));
    }

    /// <summary>Restores a plan that is equal to the captured one.</summary>
    /// <param name="config">The model that the plan was made for.</param>
    /// <param name="snapshot">The snapshot; not kept.</param>
    /// <param name="options">The options that the plan was made with. Formats and loads determine its sizes and figures;
    /// <see cref="Delta"/> compares with <see cref="PlanOptions.Previous"/>.</param>
    /// <exception cref="ModelException">A value is out of range, or the snapshot is of a model of another shape.</exception>
    public static PartitionPlan Restore(ModelConfig config, PlanSnapshot snapshot, PlanOptions? options = null)
    {
        PlanProblem problem = new(config, snapshot.Silos, options ?? new PlanOptions());
        (PlanState state, int[][][] replicaSilos) = PlanRestorer.Restore(problem, snapshot);
        MemoryShortfall? shortfall = snapshot.ShortfallMessage is { } message ? new MemoryShortfall(snapshot.MissingBytes, message) : null;
        return new PartitionPlan(problem, state, replicaSilos, Held(problem, options), shortfall);
    }

    /// <summary>Captures which silo holds what as plain values; see <see cref="Restore"/>.</summary>
    public PlanSnapshot Capture()
    {
        Dictionary<string, int> numbers = Problem.Silos.Select((silo, s) => (silo.Name, s)).ToDictionary(p => p.Name, p => p.s);
        return new PlanSnapshot
        {
            Silos = [.. Problem.Silos],
            Layout = Layout,
            GroupSilos = [.. _attentionSilos.Select(name => numbers[name])],
            ExpertSilos = [.. _expertSilos.Select(layer => layer.Select(holders => holders.Select(name => numbers[name]).ToArray()).ToArray())],
            MissingBytes = MissingBytes,
            ShortfallMessage = ShortfallMessage,
        };
    }

    /// <summary>In how many steps at once sequences should be decoded. docs/plans.md has the formula.</summary>
    /// <param name="sequences">Number of sequences that decode; 1 or more.</param>
    /// <param name="mostSteps">Most steps in flight; 1 or more.</param>
    /// <returns>1 to the smaller of both.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is below 1.</exception>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public int DecodeSteps(int sequences, int mostSteps)
    {
        EnsureFits();
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostSteps, 1);
        return _estimate!.Steps(sequences, mostSteps);
    }

    /// <summary>The speed that the plan should reach with several streams.</summary>
    /// <param name="streams">Number of streams; 1 or more.</param>
    /// <param name="mostSteps">Most steps in flight; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is below 1.</exception>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public StreamPrediction Predict(int streams, int mostSteps)
    {
        int steps = DecodeSteps(streams, mostSteps);
        double[] busy = _estimate!.Busy(streams, steps);
        return new StreamPrediction(
            _estimate.TokensPerSecond(streams, steps), steps, Problem.Silos.Select((silo, s) => (silo.Name, busy[s])).ToDictionary(p => p.Name, p => p.Item2));
    }

    /// <summary>Throws if the model does not fit.</summary>
    /// <exception cref="DoesNotFitException">The model does not fit; the message says what is missing.</exception>
    public void EnsureFits()
    {
        if (!Fits)
        {
            throw new DoesNotFitException(ShortfallMessage!, MissingBytes);
        }
    }

    /// <summary>Name of the silo with a layer's attention, router and shared expert.</summary>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public string AttentionSilo(int layer)
    {
        EnsureFits();
        return _attentionSilos[layer / Problem.Config.ClaFactor];
    }

    /// <summary>Name of the primary holder of an expert.</summary>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public string ExpertSilo(int layer, int expert) => ExpertSilos(layer, expert)[0];

    /// <summary>Names of all silos that hold an expert, the primary holder first.</summary>
    /// <exception cref="DoesNotFitException">The plan does not fit.</exception>
    public IReadOnlyList<string> ExpertSilos(int layer, int expert)
    {
        EnsureFits();
        return _expertSilos[layer][expert];
    }

    /// <summary>
    /// Bytes of the attention, routers and shared experts of layers, with the embedding for the first layer and lm_head for the last.
    /// </summary>
    public long AttentionBytes(LayerRange range)
    {
        long bytes = range.FirstLayer == 0 ? Problem.Sizes.Embedding : 0;
        bytes += range.LastLayer == Problem.Config.Layers - 1 ? Problem.Sizes.Head : 0;
        return bytes + Enumerable.Range(range.FirstLayer, range.Layers).Sum(l => Problem.Sizes.Attention(l) + Problem.Sizes.Router(l));
    }

    /// <summary>Bytes of an expert group.</summary>
    public long ExpertBytes(ExpertRange range) =>
        range.Experts * Enumerable.Range(range.FirstLayer, range.Layers).Sum(layer => Problem.ExpertBytes[layer]);

    private static HeldParts? Held(PlanProblem problem, PlanOptions? options)
    {
        PartitionPlan? previous = options?.Previous;
        if (previous is not null && !SameShape(previous.Problem.Config, problem.Config))
        {
            throw new ModelException($"The previous plan is of a model of another shape ({previous.Problem.Config.Source}); allowed: one of {problem.Config.Source}.");
        }

        HeldParts? held = options?.Held ?? (previous is { Fits: true } ? HeldParts.Of(previous) : null);
        held?.Validate(problem);
        return held;
    }

    private static bool SameShape(ModelConfig a, ModelConfig b) =>
        a.Layers == b.Layers && a.ClaFactor == b.ClaFactor && a.Experts == b.Experts
        && Enumerable.Range(0, a.Layers).All(layer => a.IsMoeLayer(layer) == b.IsMoeLayer(layer));

    private static SiloPlan EmptyPlan(SiloCapacity silo) => new()
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

    private SiloPlan CreateSiloPlan(PlanState state, int[][][] replicaSilos, int s)
    {
        ModelConfig config = Problem.Config;
        List<LayerRange> attention = RangeCover.Layers(config.Layers, layer => state.GroupOwner[layer / config.ClaFactor] == s);
        List<ExpertRange> experts = RangeCover.Experts(config.Layers, config.Experts, (l, e) => config.IsMoeLayer(l) && state.ExpertOwner[l][e] == s);
        List<ExpertRange> replicas = RangeCover.Experts(config.Layers, config.Experts, (l, e) => config.IsMoeLayer(l) && replicaSilos[l][e].Contains(s));
        long weights = attention.Sum(AttentionBytes) + experts.Concat(replicas).Sum(ExpertBytes);
        int groups = attention.Sum(range => config.GroupsIn(range.Layers));
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
            TouchedBytesPerToken = TouchedBytes(state, replicaSilos, s),
        };
    }

    // All holders of an expert share its tokens evenly.
    private double TouchedBytes(PlanState state, int[][][] replicaSilos, int s)
    {
        double touched = state.GroupOwner[^1] == s ? Problem.Sizes.Head : 0;
        for (int g = 0; g < state.GroupOwner.Length; g++)
        {
            touched += state.GroupOwner[g] == s ? Problem.GroupWork[g] : 0;
        }

        foreach ((int layer, int expert) in state.ExpertOrder)
        {
            int[] others = replicaSilos[layer][expert];
            touched += state.ExpertOwner[layer][expert] == s || others.Contains(s) ? Problem.ExpertWork[layer][expert] / (1 + others.Length) : 0;
        }

        return touched;
    }
}
