using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Train.Layers;

/// <summary>What the backward pass of a layer needs of its forward pass.</summary>
public sealed class LayerState : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Allocates the buffers of a layer.</summary>
    /// <param name="config">The model.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="tokens">Most tokens of a micro-batch.</param>
    public LayerState(ModelConfig config, int layer, int tokens)
    {
        Normed = Rows(tokens, config.HiddenSize);
        Query = Rows(tokens, config.QuerySize);
        NormedQuery = config.UseQkNorm ? Rows(tokens, config.QuerySize) : Query;
        NormedKey = config.UseQkNorm ? Rows(tokens, config.KvSize) : null;
        Attended = Rows(tokens, config.QuerySize);
        LogSums = Rows(tokens, config.Heads);
        Middle = Rows(tokens, config.HiddenSize);
        NormedMiddle = Rows(tokens, config.HiddenSize);
        int width = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
        Shared = width > 0 ? Own(new MlpState(tokens, width)) : null;
        if (config.IsMoeLayer(layer))
        {
            int routed = checked(tokens * config.TopK(layer));
            Scores = Rows(tokens, config.Experts);
            Routes = new ExpertRoutes(config.Experts, config.TopK(layer), config.SigmoidRouter);
            ExpertInputs = Rows(routed, config.HiddenSize);
            ExpertOutputs = Rows(routed, config.HiddenSize);
            Experts = Own(new MlpState(routed, config.IntermediateSize(layer)));
        }
    }

    /// <summary>Input of the attention's projections, [tokens, hidden].</summary>
    public Activation Normed { get; }

    /// <summary>Queries before their norm, [tokens, heads * head size]; rotated unless norms come first.</summary>
    public Activation Query { get; }

    /// <summary>Queries as attention reads them; the same object as <see cref="Query"/> without qk-norm.</summary>
    public Activation NormedQuery { get; }

    /// <summary>Keys as attention reads them; null without qk-norm.</summary>
    public Activation? NormedKey { get; }

    /// <summary>Result of attention.</summary>
    public Activation Attended { get; }

    /// <summary>Logarithms of the sums of attention.</summary>
    public Activation LogSums { get; }

    /// <summary>The residual stream after attention.</summary>
    public Activation Middle { get; }

    /// <summary>Input of the MLP.</summary>
    public Activation NormedMiddle { get; }

    /// <summary>The plain MLP or the shared expert.</summary>
    public MlpState? Shared { get; }

    /// <summary>Scores of the experts, [tokens, experts].</summary>
    public Activation? Scores { get; }

    /// <summary>The chosen experts.</summary>
    public ExpertRoutes? Routes { get; }

    /// <summary>Rows of the experts in their order, [tokens * k, hidden].</summary>
    public Activation? ExpertInputs { get; }

    /// <summary>Outputs of the experts before they are weighted.</summary>
    public Activation? ExpertOutputs { get; }

    /// <summary>The experts' intermediate values, in the order of the rows.</summary>
    public MlpState? Experts { get; }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(static owned => owned.Dispose());

    private Activation Rows(int rows, int columns) => Own(new Activation(rows, columns, ElementType.F32));

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
