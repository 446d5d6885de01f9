using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>Computes logits from rows of the residual stream: last norm and lm_head. It is not thread-safe.</summary>
internal sealed class OutputHead : IDisposable
{
    private readonly ModelConfig _config;
    private readonly RowGather _gather;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly Activation _chosen;
    private readonly Activation _normed;

    /// <summary>Reserves scratch memory. The weights are not installed yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="maxLogitRows">Maximum number of rows in one <see cref="Logits"/> call.</param>
    /// <param name="context">Workers and precision.</param>
    public OutputHead(ModelConfig config, int maxLogitRows, ComputeContext context)
    {
        _config = config;
        _gather = new RowGather(context.Pool);
        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _chosen = new Activation(maxLogitRows, config.HiddenSize, ElementType.F32);
        _normed = new Activation(maxLogitRows, config.HiddenSize, context.Mode.Element());
    }

    /// <summary>The weights; null while they are not installed.</summary>
    public HeadWeights? Weights { get; set; }

    /// <summary>Computes lm_head(norm(x)) for some rows.</summary>
    /// <param name="x">Residual stream after the last layer, float32 [tokens, hidden].</param>
    /// <param name="rows">Numbers of the rows of <paramref name="x"/>.</param>
    /// <param name="count">Number of entries of <paramref name="rows"/> to use.</param>
    /// <param name="logits">Receives float32 [count, vocabulary].</param>
    /// <exception cref="MissingPieceException">The head is not installed.</exception>
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
