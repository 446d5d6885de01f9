using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// A whole model in this process: the three parts over all layers and all experts, called in turn. It knows rows and KV blocks, not
/// requests. Not thread-safe: one step at a time.
/// </summary>
public sealed class ModelRunner : IDisposable
{
    private const int MostDefaultKvTokens = 65536;

    private readonly List<IDisposable> _owned;
    private readonly OutputHead _head;
    private readonly AttentionShard _attention;
    private readonly Router _router;
    private readonly ExpertGroup? _experts;
    private readonly MatrixProducts _products;
    private readonly RoutedRows _routed;
    private readonly Activation _x;
    private readonly Activation? _sent;
    private readonly Activation? _returned;
    private readonly Activation _logits;
    private readonly long _alwaysTouched;
    private long _touchedBytes;

    private ModelRunner(
        Weights weights, ModelOptions options, List<IDisposable> owned, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        _owned = owned;
        Options = options;
        Config = weights.Config;
        Pool = Own(new WorkerPool(options.Threads, options.PinThreads));
        ComputeContext context = new(Pool, PanelKernels.For(options.Isa), options.Mode, options.MaxBatchTokens);
        int kvTokens = options.KvTokens > 0 ? options.KvTokens : (int)Math.Min(MostDefaultKvTokens, 2L * Config.MaxPositions);
        int blocks = (kvTokens + KvBlocks.Positions - 1) / KvBlocks.Positions;

        WeightPlan plan = new(options.Mode);
        _attention = Own(new AttentionShard(weights, 0, Config.Layers, blocks, plan, context));
        _router = Own(new Router(weights, 0, Config.Layers, plan, context));
        _head = Own(new OutputHead(weights, options.MaxLogitRows, plan, context));
        int topK = Enumerable.Range(0, Config.Layers).Max(Config.TopK);
        _products = Own(new MatrixProducts(Pool, Config.Experts + 1));
        _routed = new RoutedRows(options.MaxBatchTokens, Math.Max(1, topK), Config.Experts);
        _alwaysTouched = plan.Matrices.Sum(m => m.ByteLength) - _head.HeadBytes;
        _x = Own(new Activation(options.MaxBatchTokens, Config.HiddenSize, ElementType.F32));
        _logits = Own(new Activation(options.MaxLogitRows, Config.VocabSize, ElementType.F32));
        if (Config.HasExperts)
        {
            _experts = Own(new ExpertGroup(weights, 0, Config.Layers, 0, Config.Experts, plan, context));
            _sent = Own(new Activation(options.MaxBatchTokens * topK, Config.HiddenSize, options.Mode.Element()));
            _returned = Own(new Activation(options.MaxBatchTokens * topK, Config.HiddenSize, options.Mode.Element()));
        }

        Own(WeightRegion.Load(weights, plan, options, Pool, context.Kernels, progress, cancellationToken));
        WeightBytes = plan.TotalBytes;
    }

    /// <summary>The model's shapes.</summary>
    public ModelConfig Config { get; }

    /// <summary>How it was loaded.</summary>
    public ModelOptions Options { get; }

    /// <summary>The workers it computes with.</summary>
    public WorkerPool Pool { get; }

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of weights read by all steps so far: all but lm_head and the experts that had no row, which are not read.</summary>
    public long TouchedWeightBytes => _touchedBytes + (_experts?.TouchedBytes ?? 0);

    /// <summary>The KV pool.</summary>
    public KvBlocks Cache => _attention.Cache;

    /// <summary>Looks at every step; null (default) looks at none.</summary>
    public IForwardObserver? Observer { get; set; }

    /// <summary>Loads a model folder.</summary>
    /// <exception cref="ModelException">Config or weights are wrong; nothing stays allocated.</exception>
    public static ModelRunner Load(
        string directory, ModelOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new ModelOptions();
        options.Validate();
        ModelConfig config = ModelConfig.Load(directory);
        if (config.MlpBias)
        {
            throw new ModelException($"{config.Source}: mlp_bias is true; allowed: false or absent.");
        }

        List<IDisposable> owned = [];
        try
        {
            Checkpoint checkpoint = Checkpoint.Open(directory);
            owned.Add(checkpoint);
            Weights weights = new(config, checkpoint);
            weights.Validate();
            return new ModelRunner(weights, options, owned, progress, cancellationToken);
        }
        catch
        {
            Release(owned);
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
        int rows = batch.Rows;
        _head.Embed(tokens, _x);
        Observer?.Embedded(_x, rows);
        _attention.Begin(batch);
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            _attention.Forward(layer, batch, _x);
            _router.Route(layer, _x, rows, _routed);
            FeedForward(layer, rows);
            Observer?.Finished(layer, _x, rows);
        }

        _touchedBytes += _alwaysTouched;
        if (logitCount > 0)
        {
            _touchedBytes += _head.HeadBytes;
            _head.Logits(_x, logitRows, logitCount, _logits);
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

    // Shared and routed experts run side by side: fewer, longer products keep the memory streaming.
    private void FeedForward(int layer, int rows)
    {
        bool routes = _routed.Rows > 0;
        if (routes)
        {
            Observer?.Routed(layer, _router.Scores!, _routed);
            _router.Gather(_routed, _sent!);
        }

        _router.QueueSharedUp(layer, rows, _products);
        if (routes)
        {
            _experts!.QueueUp(layer, _routed.Counts, _sent!, 0, _products);
        }

        _products.Run();
        _router.QueueSharedDown(layer, _x, rows, _products);
        if (routes)
        {
            _experts!.QueueDown(layer, _routed.Counts, _returned!, 0, _products);
        }

        _products.Run();
        if (routes)
        {
            _router.Combine(_routed, _returned!, _x);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Release(_owned);

    private static void Release(List<IDisposable> owned)
    {
        for (int i = owned.Count - 1; i >= 0; i--)
        {
            owned[i].Dispose();
        }

        owned.Clear();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
