using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>Computes logits from rows of the residual stream: last norm and lm_head. It is not thread-safe.</summary>
internal sealed class OutputHead : IDisposable
{
    private readonly ModelConfig _config;
    private readonly IRowGather _gather;
    private readonly IRmsNorm _norm;
    private readonly IMatrixProducts _products;
    private readonly IActivation _chosen;
    private readonly IActivation _normed;
    private readonly IActivation? _logits;
    private readonly ITopLogits? _top;
    private readonly DisposableStack _owned = new();

    /// <summary>Reserves scratch memory. The weights are not installed yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="maxLogitRows">Maximum number of rows in one <see cref="Logits"/> call.</param>
    /// <param name="context">Device and precision.</param>
    public OutputHead(ModelConfig config, int maxLogitRows, ComputeContext context)
    {
        _config = config;
        IComputeDevice device = context.Device;
        try
        {
            _gather = device.CreateGather();
            _norm = device.CreateRmsNorm();
            _products = _owned.Add(device.CreateProducts(1));
            _chosen = _owned.Add(device.CreateActivation(maxLogitRows, config.HiddenSize, ElementType.F32));
            _normed = _owned.Add(device.CreateActivation(maxLogitRows, config.HiddenSize, context.Mode.Element()));
            _logits = device.UsesHostMemory ? null : _owned.Add(device.CreateActivation(maxLogitRows, config.VocabSize, ElementType.F32));
            _top = device.CreateTopLogits(maxLogitRows, config.VocabSize);
            if (_top is not null)
            {
                _owned.Add(_top);
            }
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>The weights; null while they are not installed.</summary>
    public HeadWeights? Weights { get; set; }

    /// <summary>Computes lm_head(norm(x)) for some rows.</summary>
    /// <param name="x">Residual stream after the last layer, float32 [tokens, hidden].</param>
    /// <param name="rows">Numbers of the rows of <paramref name="x"/>.</param>
    /// <param name="count">Number of entries of <paramref name="rows"/> to use.</param>
    /// <param name="logits">Receives the rows. What the device keeps of them stays until the next call.</param>
    /// <param name="norm">The norm to apply instead of the model's last one; null (default) for that one.</param>
    /// <exception cref="MissingPieceException">The head is not installed.</exception>
    public void Logits(IActivation x, int[] rows, int count, StepLogits logits, IVector? norm = null)
    {
        HeadWeights weights = Weights ?? throw new MissingPieceException(ModelPiece.Head);
        _gather.Run(x, rows, count, _chosen);
        _norm.Run(_chosen, count, norm ?? weights.Norm.Vector, _config.RmsNormEps, _normed);
        _products.Add(weights.Head.Matrix, _normed, _logits ?? logits.Host, count, Epilogue.Store);
        _products.Run();
        logits.Begin(count, _logits, _top);
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();
}
