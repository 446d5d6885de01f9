using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Attention of a range of layers (whole CLA groups): norm, projections, rotation, cache, attention, output projection. It knows
/// nothing of experts, nor of the sequences behind the KV blocks it is told to use. Not thread-safe: one step at a time.
/// </summary>
public sealed class AttentionShard : IDisposable
{
    private readonly ModelConfig _config;
    private readonly ComputeContext _context;
    private readonly Layer[] _layers;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly ProjectionSplit _split;
    private readonly RowBias _rowBias;
    private readonly PagedAttention _attention;
    private readonly QueryRows _queries;
    private readonly RotaryRows _rotary;
    private readonly RotaryTable _rotaryTable;
    private readonly Activation _normed;
    private readonly Activation _projected;
    private readonly Activation _projectedQueries;
    private readonly Activation _attended;

    /// <summary>Plans the weights of layers [firstLayer, firstLayer + layers) and reserves scratch memory and the KV pool.</summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="firstLayer">First layer, a multiple of the CLA factor.</param>
    /// <param name="layers">Number of layers, a multiple of the CLA factor.</param>
    /// <param name="kvBlocks">Blocks of 32 positions in the KV pool.</param>
    /// <param name="plan">Receives the matrices; they must be loaded before the first step.</param>
    /// <param name="context">Workers, precision, largest step.</param>
    public AttentionShard(Weights weights, int firstLayer, int layers, int kvBlocks, WeightPlan plan, ComputeContext context)
    {
        _config = weights.Config;
        _context = context;
        FirstLayer = firstLayer;
        if (firstLayer < 0 || layers <= 0 || firstLayer + layers > _config.Layers || firstLayer % _config.ClaFactor != 0 || layers % _config.ClaFactor != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(firstLayer), firstLayer, $"{layers} layers from {firstLayer} are not whole CLA groups of {_config.ClaFactor} among {_config.Layers}.");
        }

        _layers = new Layer[layers];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Layer.Plan(weights, firstLayer + i, plan);
        }

        ElementType type = context.Mode.Element();
        int rows = context.MaxRows;
        Cache = new KvBlocks(layers / _config.ClaFactor, kvBlocks, _config.KvHeads, _config.HeadDim, type);
        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _split = new ProjectionSplit(context.Pool);
        _rowBias = new RowBias(context.Pool);
        _attention = new PagedAttention(context.Pool, Cache, _config.QueryGroup, context.Kernels);
        _queries = new QueryRows(rows, _config.Heads, Cache);
        _rotary = new RotaryRows(rows, _config.HeadDim);
        _rotaryTable = RotaryTable.Of(_config);
        _normed = new Activation(rows, _config.HiddenSize, type);
        _projected = new Activation(rows, _config.QuerySize + (2 * _config.KvSize), ElementType.F32);
        _projectedQueries = new Activation(_config.ClaFactor > 1 ? rows : 1, _config.QuerySize, ElementType.F32);
        _attended = new Activation(rows, _config.QuerySize, type);
    }

    /// <summary>First layer of the range.</summary>
    public int FirstLayer { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount => _layers.Length;

    /// <summary>The shard's KV pool, one group per CLA group of its layers.</summary>
    public KvBlocks Cache { get; }

    /// <summary>Prepares a step: the rotary angles of its rows, which all layers use.</summary>
    public void Begin(AttentionBatch batch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, _context.MaxRows, nameof(batch));
        _rotaryTable.Fill(batch, _rotary);
    }

    /// <summary>x += attention(norm(x)) for one layer; keys and values of the rows are appended to the cache.</summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <param name="batch">The step, as given to <see cref="Begin"/>.</param>
    /// <param name="x">Residual stream, float32 [rows, hidden]; updated.</param>
    public void Forward(int layer, AttentionBatch batch, Activation x)
    {
        Layer l = _layers[layer - FirstLayer];
        Activation projected = _config.IsSelfLayer(layer) ? _projected : _projectedQueries;
        int group = (layer - FirstLayer) / _config.ClaFactor;
        _norm.Run(x, 0, batch.Rows, l.InputNorm, _config.RmsNormEps, _normed);
        _products.Add(l.Projection.Matrix, _normed, 0, projected, 0, batch.Rows, Epilogue.Store);
        _products.Run();
        _split.Run(batch, projected, _rotary, l.Attention, _queries, Cache, group);
        _attention.Run(batch, _queries, group, _attended);
        _products.Add(l.Output.Matrix, _attended, 0, x, 0, batch.Rows, Epilogue.Add);
        _products.Run();
        if (l.OutputBias is not null)
        {
            _rowBias.Run(x, batch.Rows, l.OutputBias);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cache.Dispose();
        _products.Dispose();
        _attention.Dispose();
        _queries.Dispose();
        _rotary.Dispose();
        _normed.Dispose();
        _projected.Dispose();
        _projectedQueries.Dispose();
        _attended.Dispose();
    }

    private sealed record Layer(
        float[] InputNorm, PlannedMatrix Projection, PlannedMatrix Output, float[]? OutputBias, AttentionWeights Attention)
    {
        public static Layer Plan(Weights weights, int layer, WeightPlan plan)
        {
            bool self = weights.Config.IsSelfLayer(layer);
            PlannedMatrix projection = self
                ? plan.Add(weights.Query(layer), weights.Key(layer), weights.Value(layer))
                : plan.Add(weights.Query(layer));
            float[]? bias = weights.QueryBias(layer)?.ToSingles();
            if (bias is not null && self)
            {
                bias = [.. bias, .. weights.KeyBias(layer)!.ToSingles(), .. weights.ValueBias(layer)!.ToSingles()];
            }

            return new Layer(
                weights.InputNorm(layer).ToSingles(),
                projection,
                plan.Add(weights.AttentionOutput(layer)),
                weights.AttentionOutputBias(layer)?.ToSingles(),
                new AttentionWeights(bias, weights.QueryNorm(layer)?.ToSingles(), weights.KeyNorm(layer)?.ToSingles(), weights.Config.RmsNormEps));
        }
    }
}
