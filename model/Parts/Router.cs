using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The routers of the layers held here with their shared experts (or plain MLPs): norms the residual stream, scores the experts, picks
/// the top-k, orders the rows to send, and sums what comes back: shared expert first, then routed experts by ascending number. What a
/// step needs later (normed rows, the choice) is the caller's; only <see cref="Scores"/> stays until the next call. It does not know
/// where the routed experts are. Not thread-safe.
/// </summary>
internal sealed class Router : IDisposable
{
    private readonly ModelConfig _config;
    private readonly RouterLayerWeights?[] _layers;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly RowGather _gather;
    private readonly WeightedRows _combine;
    private readonly ExpertSelector _choice;
    private readonly Activation? _scored;
    private readonly Activation? _scores;
    private readonly Dictionary<int, Activation> _hidden = [];

    /// <summary>Reserves scratch memory; no layer is held yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="context">Workers, precision, largest step.</param>
    public Router(ModelConfig config, ComputeContext context)
    {
        _config = config;
        _layers = new RouterLayerWeights?[config.Layers];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            int width = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
            if (width > 0 && !_hidden.ContainsKey(width))
            {
                _hidden[width] = new Activation(context.MaxRows, width, context.Mode.Element());
            }
        }

        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _gather = new RowGather(context.Pool);
        _combine = new WeightedRows(context.Pool);
        _choice = new ExpertSelector(context.Pool);
        if (config.HasExperts)
        {
            // Routers work in float32; where that is the mode, the normed rows will do.
            _scored = context.Mode == ComputeMode.F32 ? null : new Activation(context.MaxRows, config.HiddenSize, ElementType.F32);
            _scores = new Activation(context.MaxRows, config.Experts, ElementType.F32);
        }
    }

    /// <summary>The router's logits of the last <see cref="Route"/>, float32 [tokens, experts]; null in a model without experts.</summary>
    public Activation? Scores => _scores;

    /// <summary>Holds the weights of a layer from now on, or none where they are null.</summary>
    public void Set(int layer, RouterLayerWeights? weights) => _layers[layer] = weights;

    /// <summary>Norms x and chooses experts. In a layer without experts nothing is routed.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="x">Residual stream, float32 [tokens, hidden].</param>
    /// <param name="tokens">Rows of it.</param>
    /// <param name="normed">Receives the normed rows in the mode's element type.</param>
    /// <param name="routed">Receives the choice.</param>
    /// <exception cref="MissingPieceException">The layer is not held.</exception>
    public void Route(int layer, Activation x, int tokens, Activation normed, RoutedRows routed)
    {
        RouterLayerWeights l = At(layer);
        routed.Begin(tokens, _config.TopK(layer));
        _norm.Run(x, 0, tokens, l.Norm, _config.RmsNormEps, normed, l.Gate is null ? null : _scored);
        if (l.Gate is null)
        {
            return;
        }

        _products.Add(l.Gate.Matrix, _scored ?? normed, 0, _scores!, 0, tokens, Epilogue.Store);
        _products.Run();
        _choice.Run(_scores!, routed);
        routed.Order();
    }

    /// <summary>Copies normed rows into the order in which experts take them.</summary>
    /// <param name="normed">From <see cref="Route"/>.</param>
    /// <param name="routed">The choice made of them.</param>
    /// <param name="rows">Receives [routed.Rows, hidden] in the mode's element type.</param>
    public void Gather(Activation normed, RoutedRows routed, Activation rows) => _gather.Run(normed, routed.TokenOf, routed.Rows, rows);

    /// <summary>Queues the first half of the shared expert (or plain MLP), so that it runs together with other products.</summary>
    /// <exception cref="MissingPieceException">The layer is not held.</exception>
    public void QueueSharedUp(int layer, Activation normed, int tokens, MatrixProducts products)
    {
        RouterLayerWeights l = At(layer);
        if (l.GateUp is not null)
        {
            products.Add(l.GateUp.Matrix, normed, 0, _hidden[l.Width], 0, tokens, Epilogue.SwiGlu);
        }
    }

    /// <summary>Queues the second half, x += down, after the first has run and before anything else.</summary>
    public void QueueSharedDown(int layer, Activation x, int tokens, MatrixProducts products)
    {
        RouterLayerWeights l = At(layer);
        if (l.Down is not null)
        {
            products.Add(l.Down.Matrix, _hidden[l.Width], 0, x, 0, tokens, Epilogue.Add);
        }
    }

    /// <summary>x += the routed experts' outputs, each times its weight, by ascending expert number.</summary>
    /// <param name="routed">The choice.</param>
    /// <param name="outputs">What the experts returned, [routed.Rows, hidden], in the order the rows were sent.</param>
    /// <param name="x">Residual stream; the shared expert is in it already.</param>
    public void Combine(RoutedRows routed, Activation outputs, Activation x) =>
        _combine.Run(outputs, routed.RowOf, routed.Weights, routed.TopK, routed.Tokens, x);

    /// <inheritdoc/>
    public void Dispose()
    {
        _products.Dispose();
        _scored?.Dispose();
        _scores?.Dispose();
        foreach (Activation hidden in _hidden.Values)
        {
            hidden.Dispose();
        }
    }

    private RouterLayerWeights At(int layer) => _layers[layer] ?? throw new MissingPieceException(ModelPiece.AttentionOf(_config, layer), layer);
}
