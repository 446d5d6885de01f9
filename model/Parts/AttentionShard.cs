using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Computes the attention of the installed layers: norm, projections, rotary embedding, cache, attention, output projection. Only the
/// cache keeps state between calls. It knows neither experts nor the sequences behind the KV blocks. It is not thread-safe.
/// </summary>
internal sealed class AttentionShard : IDisposable
{
    private readonly ModelConfig _config;
    private readonly AdapterProducts? _adapters;
    private readonly AttentionLayerWeights?[] _layers;
    private readonly IRmsNorm _norm;
    private readonly IMatrixProducts _products;
    private readonly IBiasAdd _biasAdd;
    private readonly IAttention _attention;
    private readonly IActivation _normed;
    private readonly IActivation _projected;
    private readonly IActivation _projectedQueries;
    private readonly IActivation _attended;
    private readonly DisposableStack _owned = new();

    /// <summary>Reserves scratch memory. No layer is installed yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="cache">The KV pool, with one group for each CLA group of the model. Not owned.</param>
    /// <param name="context">Device, precision and largest step.</param>
    /// <param name="adapters">Adds adapters. Not owned; null if the device cannot.</param>
    public AttentionShard(ModelConfig config, IKvPool cache, ComputeContext context, AdapterProducts? adapters = null)
    {
        _adapters = adapters;
        IComputeDevice device = context.Device;
        ElementType type = context.Mode.Element();
        int rows = context.MaxRows;
        _config = config;
        _layers = new AttentionLayerWeights?[config.Layers];
        try
        {
            _norm = device.CreateRmsNorm();
            _products = _owned.Add(device.CreateProducts(1));
            _biasAdd = device.CreateBiasAdd();
            _attention = _owned.Add(device.CreateAttention(cache, config.Heads, rows));
            _normed = _owned.Add(device.CreateActivation(rows, config.HiddenSize, type));
            _projected = _owned.Add(device.CreateActivation(rows, config.QuerySize + (2 * config.KvSize), ElementType.F32));
            _projectedQueries = _owned.Add(device.CreateActivation(config.ClaFactor > 1 ? rows : 1, config.QuerySize, ElementType.F32));
            _attended = _owned.Add(device.CreateActivation(rows, config.QuerySize, type));
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>Sets the weights of a layer; null removes them.</summary>
    public void Set(int layer, AttentionLayerWeights? weights) => _layers[layer] = weights;

    /// <summary>Creates a buffer for the rows of a step. The caller disposes it.</summary>
    public IStepRows CreateRows() => _attention.CreateRows();

    /// <summary>x += attention(norm(x)) for one layer; keys and values of the rows are appended to the cache.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="step">The sequences, positions, KV blocks and rotary angles of the rows.</param>
    /// <param name="x">Residual stream, float32 [rows, hidden]; updated.</param>
    /// <param name="adapters">The adapters of the rows; null if no row has one.</param>
    /// <exception cref="MissingPieceException">The layer is not installed.</exception>
    public void Forward(int layer, IStepRows step, IActivation x, AdapterRows? adapters = null)
    {
        AttentionLayerWeights l = _layers[layer] ?? throw new MissingPieceException(ModelPiece.AttentionOf(_config, layer), layer);
        int rows = step.Batch.Rows;
        IActivation projected = _config.IsSelfLayer(layer) ? _projected : _projectedQueries;
        int group = layer / _config.ClaFactor;
        _norm.Run(x, rows, l.InputNorm.Vector, _config.RmsNormEps, _normed);
        _products.Add(l.Projection.Matrix, _normed, projected, rows, Epilogue.Store);
        _products.Run();
        if (adapters is not null)
        {
            _adapters!.Project(adapters, layer, _normed, projected);
        }

        _attention.Split(step, projected, l.Attention, group);
        _attention.Run(step, group, _attended);
        _products.Add(l.Output.Matrix, _attended, x, rows, Epilogue.Add);
        _products.Run();
        if (adapters is not null)
        {
            _adapters!.AddToStream(adapters, layer, AdaptedProjection.Output, _attended, x);
        }

        if (l.OutputBias is not null)
        {
            _biasAdd.Run(x, rows, l.OutputBias.Vector);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();
}
