using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model;

/// <summary>
/// A whole model in this process: the three parts over all layers and all experts, called in turn. It knows rows and KV blocks, not
/// requests. Not thread-safe: one step at a time.
/// </summary>
public sealed class ModelRunner : IDisposable
{
    private readonly DisposableStack _owned;
    private readonly ModelParts _parts;
    private readonly StageRunner _stage;
    private readonly Activation _logits;
    private readonly bool[] _allExperts;
    private readonly long _headBytes;
    private readonly long _alwaysReadBytes;
    private long _weightBytesRead;

    private ModelRunner(
        Weights weights, ModelOptions options, DisposableStack owned, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        _owned = owned;
        _parts = new ModelParts(weights.Config, options, reserveKv: true, owned);
        _stage = owned.Add(new StageRunner(_parts));
        _logits = owned.Add(new Activation(options.MaxLogitRows, Config.VocabSize, ElementType.F32));
        _allExperts = new bool[Config.Experts];
        Array.Fill(_allExperts, true);

        WeightPlan plan = new(_parts.Types);
        PlanLayers(weights, plan);
        HeadWeights head = HeadWeights.Plan(weights, plan);
        _parts.Head.Weights = head;
        _parts.Embedding.Rows = weights.Embedding();
        _headBytes = head.Head.ByteLength;
        _alwaysReadBytes = plan.Matrices.Sum(m => m.ByteLength) - _headBytes;
        PlanExperts(weights, plan);
        owned.Add(WeightLoader.Load(weights, plan, options, Pool, _parts.Context.Kernels, progress, cancellationToken));
        WeightBytes = plan.TotalBytes;
    }

    /// <summary>The model's shapes.</summary>
    public ModelConfig Config => _parts.Config;

    /// <summary>How it was loaded.</summary>
    public ModelOptions Options => _parts.Options;

    /// <summary>Types of its matrices.</summary>
    public WeightTypes Types => _parts.Types;

    /// <summary>The workers it computes with.</summary>
    public WorkerPool Pool => _parts.Context.Pool;

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of weights read by all steps so far: all but lm_head and the experts that had no row, which are not read.</summary>
    public long WeightBytesRead => _weightBytesRead + (_parts.Experts?.WeightBytesRead ?? 0);

    /// <summary>The KV pool.</summary>
    public KvBlocks Cache => _parts.Cache;

    /// <summary>Looks at every step; null (default) looks at none.</summary>
    public IForwardObserver? Observer { get; set; }

    /// <summary>Loads a model folder.</summary>
    /// <exception cref="ModelException">Config or weights are wrong; nothing stays allocated.</exception>
    public static ModelRunner Load(
        string directory, ModelOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new ModelOptions();
        options.Validate();
        DisposableStack owned = new();
        try
        {
            return new ModelRunner(ModelParts.Open(directory, owned), options, owned, progress, cancellationToken);
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    /// <summary>An empty batch for this model's shape.</summary>
    public AttentionBatch CreateBatch() => new(Config.Heads, Config.KvHeads);

    /// <summary>Runs one step: appends keys and values of every row to the cache, and computes logits of chosen rows.</summary>
    /// <param name="tokens">Ids of the batch's rows.</param>
    /// <param name="batch">Where the rows belong.</param>
    /// <param name="logitRows">Rows whose logits are wanted.</param>
    /// <param name="logitCount">How many of them, at most <see cref="ModelOptions.MaxLogitRows"/>.</param>
    /// <returns>float32 [logitCount, vocabulary], owned by the runner, valid until the next step.</returns>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    /// <exception cref="ArgumentException">The step is too large, a block or logit row does not exist. The runner goes on working.</exception>
    public Activation Forward(ReadOnlySpan<int> tokens, AttentionBatch batch, int[] logitRows, int logitCount)
    {
        Check(tokens.Length, batch, logitRows, logitCount);
        _stage.Begin(batch);
        _stage.Embed(tokens);
        Observer?.Embedded(_stage.HiddenStates, batch.Rows);
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            _stage.Attend(layer);
            if (_stage.Routed.Rows > 0)
            {
                Observer?.Routed(layer, _parts.Router.Scores!, _stage.Routed);
            }

            _stage.FeedForward(layer, _allExperts);
            _stage.Combine(layer);
            Observer?.Finished(layer, _stage.HiddenStates, batch.Rows);
        }

        _weightBytesRead += _alwaysReadBytes;
        if (logitCount > 0)
        {
            _weightBytesRead += _headBytes;
            _stage.Logits(logitRows, logitCount, _logits);
        }

        return _logits;
    }

    private void Check(int tokens, AttentionBatch batch, int[] logitRows, int logitCount)
    {
        if (tokens != batch.Rows || tokens > Options.MaxBatchTokens)
        {
            throw new ArgumentException($"{tokens} tokens for a batch of {batch.Rows} rows; a step carries at most {Options.MaxBatchTokens}.", nameof(batch));
        }

        if (logitCount < 0 || logitCount > Math.Min(logitRows.Length, Options.MaxLogitRows))
        {
            throw new ArgumentException($"Logits of {logitCount} rows out of a list of {logitRows.Length}; a step gives at most {Options.MaxLogitRows}.", nameof(logitCount));
        }

        for (int i = 0; i < logitCount; i++)
        {
            if ((uint)logitRows[i] >= (uint)tokens)
            {
                throw new ArgumentException($"Logits of row {logitRows[i]} of a batch of {tokens} rows.", nameof(logitRows));
            }
        }
    }

    // The order of the plan is that of the packed copies that are out there.
    private void PlanLayers(Weights weights, WeightPlan plan)
    {
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            _parts.Attention.Set(layer, AttentionLayerWeights.Plan(weights, layer, plan));
        }

        for (int layer = 0; layer < Config.Layers; layer++)
        {
            _parts.Router.Set(layer, RouterLayerWeights.Plan(weights, layer, plan));
        }
    }

    private void PlanExperts(Weights weights, WeightPlan plan)
    {
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            for (int expert = 0; Config.IsMoeLayer(layer) && expert < Config.Experts; expert++)
            {
                _parts.Experts!.Set(layer, expert, ExpertWeights.Plan(weights, layer, expert, plan));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();
}
