using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model;

/// <summary>
/// Runs a whole model in this process: all layers with all experts. It knows rows and KV blocks, not requests. It is not thread-safe:
/// steps must not overlap.
/// </summary>
public sealed class ModelRunner : IAdapterLoader, IDisposable
{
    private readonly DisposableStack _owned;
    private readonly ModelParts _parts;
    private readonly StageRunner _stage;
    private readonly StepLogits _logits;
    private readonly long _headBytes;
    private readonly long _alwaysReadBytes;
    private long _weightBytesRead;
    private int _lastRows;

    private ModelRunner(
        Weights weights, ModelOptions options, DisposableStack owned, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        _owned = owned;
        Config = weights.Config.WithoutMtp();
        _parts = new ModelParts(weights.Config, options, reserveKv: true, owned);
        _stage = owned.Add(new StageRunner(_parts));
        _logits = owned.Add(new StepLogits(options.MaxLogitRows, Config.VocabSize));

        // The order of the plan is part of the format of packed copies: changing it makes every existing copy stale.
        WeightPlan plan = new(_parts.Types, loader: _parts.Device.Loader);
        AttentionLayerWeights[] attention = [.. Enumerable.Range(0, Config.Layers).Select(layer => AttentionLayerWeights.Plan(weights, layer, plan))];
        RouterLayerWeights[] routers = [.. Enumerable.Range(0, Config.Layers).Select(layer => RouterLayerWeights.Plan(weights, layer, plan))];
        HeadWeights head = HeadWeights.Plan(weights, plan);
        _headBytes = head.Head.ByteLength;
        _alwaysReadBytes = plan.Matrices.Sum(m => m.ByteLength) - _headBytes;
        List<(int Layer, int Expert, ExpertWeights Weights)> experts = PlanExperts(weights, plan);
        owned.Add(WeightLoader.Load(weights, plan, options, Pool, _parts.Device, _parts.Kernels, progress, cancellationToken));
        WeightBytes = plan.TotalBytes;
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            _parts.Attention.Set(layer, attention[layer]);
            _parts.Router.Set(layer, routers[layer]);
        }

        foreach ((int layer, int expert, ExpertWeights expertWeights) in experts)
        {
            _parts.Experts!.Set(layer, expert, expertWeights);
        }

        _parts.Head.Weights = head;
        _parts.Embedding.Table = owned.Add(_parts.Device.CreateEmbedding(weights.Embedding(), options.Mode.Element(), cancellationToken));
        if (weights.Config.MtpLayer is int mtp)
        {
            MtpWeights predicting = MtpWeights.Load(weights, mtp, _parts, owned, progress, cancellationToken);
            WeightBytes += predicting.Bytes;
            Mtp = owned.Add(new MtpRunner(_parts, _stage, predicting, _logits));
        }
    }

    /// <summary>The model's shapes.</summary>
    public ModelConfig Config { get; }

    /// <summary>The options it was loaded with.</summary>
    public ModelOptions Options => _parts.Options;

    /// <summary>The element types of the model's matrices.</summary>
    public WeightTypes Types => _parts.Types;

    /// <summary>The workers that compute.</summary>
    public WorkerPool Pool => _parts.Pool;

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes { get; }

    /// <summary>
    /// Bytes of weights that all steps so far have read. A step reads lm_head only if logits are requested, and an expert only if it has
    /// rows.
    /// </summary>
    public long WeightBytesRead => _weightBytesRead + (_parts.Experts?.WeightBytesRead ?? 0) + (Mtp?.WeightBytesRead ?? 0);

    /// <summary>Runs the model's layer for multi-token prediction; null unless <see cref="ModelOptions.Mtp"/> asks for it.</summary>
    public MtpRunner? Mtp { get; }

    /// <summary>The KV pool.</summary>
    public IKvPool Cache => _parts.Cache;

    /// <summary>Observes every step. Default null: no observer.</summary>
    public IForwardObserver? Observer { get; set; }

    /// <summary>Loads a model folder.</summary>
    /// <exception cref="ModelException">Config or weights are invalid; nothing stays allocated.</exception>
    public static ModelRunner Load(
        string directory, ModelOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new ModelOptions();
        options.Validate();
        DisposableStack owned = new();
        try
        {
            return new ModelRunner(ModelParts.Open(directory, options, owned), options, owned, progress, cancellationToken);
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    /// <summary>Creates an empty batch for this model's numbers of heads.</summary>
    public AttentionBatch CreateBatch() => new(Config.Heads, Config.KvHeads);

    /// <summary>Runs one step: appends keys and values of every row to the cache, and computes the logits of the requested rows.</summary>
    /// <param name="tokens">One token id for each row of the batch.</param>
    /// <param name="batch">The sequences, positions and KV blocks of the rows.</param>
    /// <param name="logitRows">The rows whose logits are requested.</param>
    /// <param name="logitCount">
    /// Number of entries of <paramref name="logitRows"/> to use, at most <see cref="ModelOptions.MaxLogitRows"/>.
    /// </param>
    /// <param name="adapters">The adapters of the rows, from <see cref="LoadAdapter"/>; null (default): no row has one.</param>
    /// <returns>The logits of the requested rows; owned by the runner and valid until its next call.</returns>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    /// <exception cref="ArgumentException">
    /// The step is too large, or a block or logit row does not exist. The runner stays usable.
    /// </exception>
    public StepLogits Forward(ReadOnlySpan<int> tokens, AttentionBatch batch, int[] logitRows, int logitCount, AdapterRows? adapters = null)
    {
        Check(tokens.Length, batch, logitRows, logitCount);
        _lastRows = batch.Rows;
        _stage.Begin(batch, adapters);
        _stage.Embed(tokens);
        Observer?.OnEmbedded(_stage.HiddenStates, batch.Rows);
        if (Observer is null)
        {
            _stage.Run(StageSegment.OfLayers(0, Config.Layers - 1));
        }
        else
        {
            RunLayers(Observer);
        }

        _weightBytesRead += _alwaysReadBytes;
        if (logitCount > 0)
        {
            _weightBytesRead += _headBytes;
            _stage.Logits(logitRows, logitCount, _logits);
        }

        return _logits;
    }

    /// <summary>Whether the device can compute adapters.</summary>
    public bool CanAdapt => _parts.Adapters is not null;

    /// <inheritdoc/>
    public long CheckAdapter(string directory)
    {
        _parts.RequireAdapters(directory);
        using LoraFolder folder = LoraFolder.Open(directory, Config);
        return LoraAdapter.BytesOf(folder);
    }

    /// <inheritdoc/>
    public LoraAdapter LoadAdapter(string directory, CancellationToken cancellationToken = default) =>
        _parts.LoadAdapter(directory, scope: null, cancellationToken);

    private void RunLayers(IForwardObserver observer)
    {
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            _stage.Attend(layer);
            if (_stage.Routed.Rows > 0)
            {
                observer.OnRouted(layer, _parts.Router.Scores!, _stage.Routed);
            }

            _stage.Run(new StageSegment(layer, StageCall.FeedForward, layer, StageCall.Combine));
            observer.OnLayerFinished(layer, _stage.HiddenStates, _stage.Rows);
        }
    }

    /// <summary>Computes the logits of further rows of the last step.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">Number of entries of <paramref name="rows"/> to use, at most <see cref="ModelOptions.MaxLogitRows"/>.</param>
    /// <returns>The logits; owned by the runner and valid until its next call.</returns>
    /// <exception cref="ArgumentException">A row does not exist, or they are too many.</exception>
    public StepLogits Logits(int[] rows, int count)
    {
        CheckLogits(_lastRows, rows, count);
        _weightBytesRead += _headBytes;
        _stage.Logits(rows, count, _logits);
        return _logits;
    }

    private void Check(int tokens, AttentionBatch batch, int[] logitRows, int logitCount)
    {
        if (tokens != batch.Rows || tokens > Options.MaxBatchTokens)
        {
            throw new ArgumentException($"{tokens} tokens for a batch of {batch.Rows} rows; a step carries at most {Options.MaxBatchTokens}.", nameof(batch));
        }

        CheckLogits(tokens, logitRows, logitCount);
    }

    private void CheckLogits(int tokens, int[] logitRows, int logitCount)
    {
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

    private List<(int Layer, int Expert, ExpertWeights Weights)> PlanExperts(Weights weights, WeightPlan plan)
    {
        List<(int, int, ExpertWeights)> experts = [];
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            for (int expert = 0; Config.IsMoeLayer(layer) && expert < Config.Experts; expert++)
            {
                experts.Add((layer, expert, ExpertWeights.Plan(weights, layer, expert, plan)));
            }
        }

        return experts;
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();
}
