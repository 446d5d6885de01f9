using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The far end of the residual stream: chosen rows become logits. It knows nothing of sampling. Not thread-safe.</summary>
internal sealed class OutputHead : IDisposable
{
    private readonly ModelConfig _config;
    private readonly RowGather _gather;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly Activation _chosen;
    private readonly Activation _normed;

    /// <summary>Reserves scratch memory; the weights are not held yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="maxLogitRows">Most rows of one <see cref="Logits"/> call.</param>
    /// <param name="context">Workers, precision.</param>
    public OutputHead(ModelConfig config, int maxLogitRows, ComputeContext context)
    {
        _config = config;
        _gather = new RowGather(context.Pool);
        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _chosen = new Activation(maxLogitRows, config.HiddenSize, ElementType.F32);
        _normed = new Activation(maxLogitRows, config.HiddenSize, context.Mode.Element());
    }

    /// <summary>The weights; null where they are not held.</summary>
    public HeadWeights? Weights { get; set; }

    /// <summary>lm_head(norm(x)) of chosen rows.</summary>
    /// <param name="x">Residual stream after the last layer, float32 [tokens, hidden].</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="logits">Receives float32 [count, vocabulary].</param>
    /// <exception cref="MissingPieceException">The head is not held.</exception>
    public void Logits(Activation x, int[] rows, int count, Activation logits)
    {
        HeadWeights weights = Weights ?? throw new MissingPieceException(ModelPiece.Head);
        _gather.Run(x, rows, count, _chosen);
        _norm.Run(_chosen, 0, count, weights.Norm, _config.RmsNormEps, _normed);
        _products.Add(weights.Head.Matrix, _normed, 0, logits, 0, count, Epilogue.Store);
        _products.Run();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _products.Dispose();
        _chosen.Dispose();
        _normed.Dispose();
    }
}
