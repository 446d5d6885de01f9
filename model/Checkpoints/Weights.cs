using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// The weights of a model as rows of logical matrices, whether the files store them separately or packed. Every method checks presence,
/// shape and element type of only what it returns, so that some layers or experts can be used alone. It does not read tensor data. It is
/// thread-safe.
/// </summary>
/// <param name="config">The model's shapes.</param>
/// <param name="checkpoint">The files. The caller owns them and disposes them after the last use of any row.</param>
public sealed class Weights(ModelConfig config, Checkpoint checkpoint)
{
    private readonly TensorLookup _lookup = new(checkpoint, config);
    private readonly AttentionLookup _attention = new(config, new TensorLookup(checkpoint, config));
    private readonly MlpLookup _mlp = new(config, new TensorLookup(checkpoint, config));

    /// <summary>The model's shapes.</summary>
    public ModelConfig Config => config;

    /// <summary>The files.</summary>
    public Checkpoint Checkpoint => checkpoint;

    /// <summary>Checks that the checkpoint contains every tensor of the model with the right shape, and no other tensors.</summary>
    /// <exception cref="ModelException">The check fails; the message names file, tensor and allowed shape.</exception>
    public void Validate() => WeightValidator.Run(config, checkpoint);

    /// <summary>The embedding, [vocab, hidden].</summary>
    public RowSource Embedding() => Matrix(WeightNames.Embedding, config.VocabSize, config.HiddenSize);

    /// <summary>The last norm, [hidden, 1].</summary>
    public RowSource FinalNorm() => Vector(WeightNames.FinalNorm, config.HiddenSize);

    /// <summary>The output projection, [vocab, hidden]; the embedding if the config ties them.</summary>
    public RowSource LmHead() =>
        config.TieWordEmbeddings ? TiedHead() : Matrix(WeightNames.LmHead, config.VocabSize, config.HiddenSize);

    /// <summary>The norm before attention, [hidden, 1].</summary>
    public RowSource InputNorm(int layer) => Vector(WeightNames.Layer(layer) + "input_layernorm.weight", config.HiddenSize);

    /// <summary>The norm before the MLP, [hidden, 1].</summary>
    public RowSource PostAttentionNorm(int layer) =>
        Vector(WeightNames.Layer(layer) + "post_attention_layernorm.weight", config.HiddenSize);

    /// <summary>The query projection, [heads * head_dim, hidden].</summary>
    public RowSource Query(int layer) => _attention.Query(layer, "weight", config.HiddenSize);

    /// <summary>The key projection, [kv_heads * head_dim, hidden]; only for layers with their own K and V.</summary>
    public RowSource Key(int layer) => _attention.Key(layer, "weight", config.HiddenSize);

    /// <summary>The value projection, [kv_heads * head_dim, hidden]; only for layers with their own K and V.</summary>
    public RowSource Value(int layer) => _attention.Value(layer, "weight", config.HiddenSize);

    /// <summary>The projection of the heads back to the residual stream, [hidden, heads * head_dim].</summary>
    public RowSource AttentionOutput(int layer) =>
        Matrix(WeightNames.Attention(layer) + "o_proj.weight", config.HiddenSize, config.QuerySize);

    /// <summary>[heads * head_dim, 1]; null without attention_bias.</summary>
    public RowSource? QueryBias(int layer) => config.AttentionBias ? _attention.Query(layer, "bias", 1) : null;

    /// <summary>[kv_heads * head_dim, 1]; null without attention_bias.</summary>
    public RowSource? KeyBias(int layer) => config.AttentionBias ? _attention.Key(layer, "bias", 1) : null;

    /// <summary>[kv_heads * head_dim, 1]; null without attention_bias.</summary>
    public RowSource? ValueBias(int layer) => config.AttentionBias ? _attention.Value(layer, "bias", 1) : null;

    /// <summary>[hidden, 1]; null without attention_bias.</summary>
    public RowSource? AttentionOutputBias(int layer) =>
        config.AttentionBias ? Vector(WeightNames.Attention(layer) + "o_proj.bias", config.HiddenSize) : null;

    /// <summary>The per-head norm of queries, [head_dim, 1]; null without qk-norm.</summary>
    public RowSource? QueryNorm(int layer) => HeadNorm(layer, WeightNames.HeadNorms(config).Query);

    /// <summary>The per-head norm of keys, [head_dim, 1]; null without qk-norm. Layers without their own K and V have one too.</summary>
    public RowSource? KeyNorm(int layer) => HeadNorm(layer, WeightNames.HeadNorms(config).Key);

    /// <summary>The router, [experts, hidden]; only for layers with experts.</summary>
    public RowSource RouterGate(int layer)
    {
        RequireMoe(layer);
        return Matrix(Stored(WeightNames.RouterGates(config, layer)), config.Experts, config.HiddenSize);
    }

    /// <summary>The bias that is added to the experts' scores for the choice, [experts, 1]; null if routers have none. Only for layers with experts.</summary>
    public RowSource? RouterBias(int layer)
    {
        RequireMoe(layer);
        return config.SigmoidRouter is { HasBias: true } ? Vector(Stored(WeightNames.ExpertBiases(layer)), config.Experts) : null;
    }

    /// <summary>The shared expert; only for layers that have one.</summary>
    public MlpRows Shared(int layer)
    {
        RequireMoe(layer);
        return config.SharedExperts(layer) > 0
            ? _mlp.Rows(SharedPrefix(layer), config.SharedIntermediateSize(layer))
            : throw new ArgumentOutOfRangeException(nameof(layer), layer, "The layer has no shared expert.");
    }

    /// <summary>One routed expert; only for layers with experts.</summary>
    public MlpRows Expert(int layer, int expert)
    {
        RequireMoe(layer);
        ArgumentOutOfRangeException.ThrowIfNegative(expert);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(expert, config.Experts);
        return _mlp.Expert(layer, expert);
    }

    /// <summary>The plain MLP; only for layers without experts.</summary>
    public MlpRows Dense(int layer) => config.IsMoeLayer(layer)
        ? throw new ArgumentOutOfRangeException(nameof(layer), layer, "The layer has experts, not a plain MLP.")
        : _mlp.Rows(WeightNames.DenseMlp(layer), config.IntermediateSize(layer));

    /// <summary>The norm of the following token's embedding, [hidden, 1]; only with an MTP layer.</summary>
    public RowSource MtpEmbeddingNorm() => Vector(WeightNames.MtpEmbeddingNorm(MtpLayer), config.HiddenSize);

    /// <summary>The norm of the model's hidden state, [hidden, 1]; only with an MTP layer.</summary>
    public RowSource MtpHiddenNorm() => Vector(WeightNames.MtpHiddenNorm(MtpLayer), config.HiddenSize);

    /// <summary>The projection of embedding and hidden state, in this order, [hidden, 2 * hidden]; only with an MTP layer.</summary>
    public RowSource MtpProjection() => Matrix(WeightNames.MtpProjection(MtpLayer), config.HiddenSize, 2 * config.HiddenSize);

    /// <summary>The last norm of the MTP layer, [hidden, 1].</summary>
    public RowSource MtpFinalNorm() => Vector(WeightNames.MtpFinalNorm(MtpLayer), config.HiddenSize);

    /// <summary>[shared width, hidden].</summary>
    public RowSource SharedGate(int layer) => Shared(layer).Gate;

    /// <summary>[shared width, hidden].</summary>
    public RowSource SharedUp(int layer) => Shared(layer).Up;

    /// <summary>[hidden, shared width].</summary>
    public RowSource SharedDown(int layer) => Shared(layer).Down;

    /// <summary>[width, hidden].</summary>
    public RowSource ExpertGate(int layer, int expert) => Expert(layer, expert).Gate;

    /// <summary>[width, hidden].</summary>
    public RowSource ExpertUp(int layer, int expert) => Expert(layer, expert).Up;

    /// <summary>[hidden, width].</summary>
    public RowSource ExpertDown(int layer, int expert) => Expert(layer, expert).Down;

    /// <summary>[width, hidden].</summary>
    public RowSource DenseGate(int layer) => Dense(layer).Gate;

    /// <summary>[width, hidden].</summary>
    public RowSource DenseUp(int layer) => Dense(layer).Up;

    /// <summary>[hidden, width].</summary>
    public RowSource DenseDown(int layer) => Dense(layer).Down;

    private int MtpLayer => config.MtpLayer ?? throw new InvalidOperationException("The config has no MTP layer.");

    // The first of several names that the checkpoint has; the usual name if it has none, so that a message names it.
    private string Stored(IReadOnlyList<string> names) => names.FirstOrDefault(_lookup.Has, names[0]);

    private string SharedPrefix(int layer)
    {
        IReadOnlyList<string> prefixes = WeightNames.SharedMlps(config, layer);
        return prefixes.FirstOrDefault(
            prefix => _lookup.Has(prefix + "gate_proj.weight") || _lookup.Has(prefix + "gate_and_up_proj.weight"), prefixes[0]);
    }

    private RowSource? HeadNorm(int layer, string name) =>
        config.UseQkNorm ? Vector(WeightNames.Attention(layer) + name, config.HeadDim) : null;

    private RowSource Matrix(string name, int rows, int columns) =>
        new([_lookup.Find(name, rows, columns, vector: false).Rows(0, rows)], columns);

    private RowSource Vector(string name, int rows) => new([_lookup.Find(name, rows, 1, vector: true).Rows(0, rows)], 1);

    // Blocks of the embedding may be kept in lm_head; tensors of other forms are not quantised.
    private RowSource TiedHead() => config.Quantization?.SchemeOf(ModuleNames.Head) is { Form: StoredForm.Gguf }
        ? new([FindTiedHead().Rows(0, config.VocabSize)], config.HiddenSize)
        : Embedding();

    private FoundTensor FindTiedHead() =>
        _lookup.Find(WeightNames.Embedding, config.VocabSize, config.HiddenSize, vector: false, module: ModuleNames.Head);

    private void RequireMoe(int layer)
    {
        if (!config.IsMoeLayer(layer))
        {
            throw new ArgumentOutOfRangeException(nameof(layer), layer, "The layer has no experts.");
        }
    }
}
