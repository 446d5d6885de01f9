using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Computes the attention of the installed layers: norm, projections, rotary embedding, cache, attention, output projection. Only the
/// cache keeps state between calls. It knows neither experts nor the sequences behind the KV blocks. It is not thread-safe.
/// </summary>
internal sealed class AttentionShard : IDisposable
{
    private readonly ModelConfig _config;
    private readonly KvBlocks _cache;
    private readonly AttentionLayerWeights?[] _layers;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly QkvPreprocessor _preprocessor;
    private readonly BiasAdd _biasAdd;
    private readonly PagedAttention _attention;
    private readonly QueryBuffer _queries;
    private readonly Activation _normed;
    private readonly Activation _projected;
    private readonly Activation _projectedQueries;
    private readonly Activation _attended;

    /// <summary>Reserves scratch memory. No layer is installed yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="cache">The KV pool, with one group for each CLA group of the model. Not owned.</param>
    /// <param name="context">Workers, precision and largest step.</param>
    public AttentionShard(ModelConfig config, KvBlocks cache, ComputeContext context)
    {
        ElementType type = context.Mode.Element();
        int rows = context.MaxRows;
        _config = config;
        _cache = cache;
        _layers = new AttentionLayerWeights?[config.Layers];
        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _preprocessor = new QkvPreprocessor(context.Pool);
        _biasAdd = new BiasAdd(context.Pool);
        _attention = new PagedAttention(context.Pool, cache, config.QueryGroup, context.Kernels);
        _queries = new QueryBuffer(rows, config.Heads, cache);
        _normed = new Activation(rows, config.HiddenSize, type);
        _projected = new Activation(rows, config.QuerySize + (2 * config.KvSize), ElementType.F32);
        _projectedQueries = new Activation(config.ClaFactor > 1 ? rows : 1, config.QuerySize, ElementType.F32);
        _attended = new Activation(rows, config.QuerySize, type);
    }

    /// <summary>Sets the weights of a layer; null removes them.</summary>
    public void Set(int layer, AttentionLayerWeights? weights) => _layers[layer] = weights;

    /// <summary>x += attention(norm(x)) for one layer; keys and values of the rows are appended to the cache.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="batch">The sequences, positions and KV blocks of the rows.</param>
    /// <param name="rotary">The rotary angles of the rows.</param>
    /// <param name="x">Residual stream, float32 [rows, hidden]; updated.</param>
    /// <exception cref="MissingPieceException">The layer is not installed.</exception>
    public void Forward(int layer, AttentionBatch batch, RotaryAngles rotary, Activation x)
    {
        AttentionLayerWeights l = _layers[layer] ?? throw new MissingPieceException(ModelPiece.AttentionOf(_config, layer), layer);
        Activation projected = _config.IsSelfLayer(layer) ? _projected : _projectedQueries;
        int group = layer / _config.ClaFactor;
        _norm.Run(x, 0, batch.Rows, l.InputNorm, _config.RmsNormEps, _normed);
        _products.Add(l.Projection.Matrix, _normed, 0, projected, 0, batch.Rows, Epilogue.Store);
        _products.Run();
        _preprocessor.Run(batch, projected, rotary, l.Attention, _queries, _cache, group);
        _attention.Run(batch, _queries, group, _attended);
        _products.Add(l.Output.Matrix, _attended, 0, x, 0, batch.Rows, Epilogue.Add);
        _products.Run();
        if (l.OutputBias is not null)
        {
            _biasAdd.Run(x, batch.Rows, l.OutputBias);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _products.Dispose();
        _attention.Dispose();
        _queries.Dispose();
        _normed.Dispose();
        _projected.Dispose();
        _projectedQueries.Dispose();
        _attended.Dispose();
    }
}
