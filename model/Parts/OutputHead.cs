using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The two ends of the residual stream: token ids become rows, chosen rows become logits. It knows nothing of sampling.</summary>
public sealed class OutputHead : IDisposable
{
    private readonly ModelConfig _config;
    private readonly RowSource _embedding;
    private readonly float[] _finalNorm;
    private readonly PlannedMatrix _head;
    private readonly RowGather _gather;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly Activation _chosen;
    private readonly Activation _normed;

    /// <summary>Plans lm_head. The embedding is read from the mapped checkpoint row by row and never copied.</summary>
    /// <param name="weights">The checkpoint; it must stay open as long as this is used.</param>
    /// <param name="maxLogitRows">Most rows of one <see cref="Logits"/> call.</param>
    /// <param name="plan">Receives the matrix.</param>
    /// <param name="context">Workers, precision, largest step.</param>
    public OutputHead(Weights weights, int maxLogitRows, WeightPlan plan, ComputeContext context)
    {
        _config = weights.Config;
        _embedding = weights.Embedding();
        _finalNorm = weights.FinalNorm().ToSingles();
        _head = plan.Add(weights.LmHead());
        _gather = new RowGather(context.Pool);
        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _chosen = new Activation(maxLogitRows, _config.HiddenSize, ElementType.F32);
        _normed = new Activation(maxLogitRows, _config.HiddenSize, context.Mode.Element());
    }

    /// <summary>Bytes of lm_head.</summary>
    public long HeadBytes => _head.ByteLength;

    /// <summary>Writes the embedding of each token to the rows of x.</summary>
    /// <exception cref="ModelException">An id is outside the vocabulary.</exception>
    public void Embed(ReadOnlySpan<int> tokens, Activation x)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)_config.VocabSize)
            {
                throw new ModelException($"Token id {tokens[i]} is outside the vocabulary; allowed: 0 to {_config.VocabSize - 1}.");
            }

            _embedding.ReadRow(tokens[i], x.Row(i));
        }
    }

    /// <summary>lm_head(norm(x)) of chosen rows.</summary>
    /// <param name="x">Residual stream after the last layer, float32 [tokens, hidden].</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="logits">Receives float32 [count, vocabulary].</param>
    public void Logits(Activation x, int[] rows, int count, Activation logits)
    {
        _gather.Run(x, rows, count, _chosen);
        _norm.Run(_chosen, 0, count, _finalNorm, _config.RmsNormEps, _normed);
        _products.Add(_head.Matrix, _normed, 0, logits, 0, count, Epilogue.Store);
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
