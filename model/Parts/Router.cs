using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The router of a range of layers with their shared experts (or plain MLPs): norms the residual stream, scores the experts, picks the
/// top-k, orders the rows to send, and sums what comes back: shared expert first, then routed experts by ascending number. It does not
/// know where the routed experts are. Not thread-safe: one step at a time.
/// </summary>
public sealed class Router : IDisposable
{
    private readonly ModelConfig _config;
    private readonly Layer[] _layers;
    private readonly RmsNorm _norm;
    private readonly MatrixProducts _products;
    private readonly RowGather _gather;
    private readonly WeightedRows _combine;
    private readonly ExpertChoice _choice;
    private readonly Activation _normed;
    private readonly Activation? _scored;
    private readonly Activation? _scores;
    private readonly Dictionary<int, Activation> _hidden = [];

    /// <summary>Plans the weights of layers [firstLayer, firstLayer + layers) and reserves scratch memory.</summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="firstLayer">First layer.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="plan">Receives the matrices; they must be loaded before the first step.</param>
    /// <param name="context">Workers, precision, largest step.</param>
    public Router(Weights weights, int firstLayer, int layers, WeightPlan plan, ComputeContext context)
    {
        _config = weights.Config;
        FirstLayer = firstLayer;
        ArgumentOutOfRangeException.ThrowIfNegative(firstLayer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstLayer + layers, _config.Layers, nameof(layers));
        _layers = new Layer[layers];
        ElementType type = context.Mode.Element();
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Layer.Plan(weights, firstLayer + i, plan);
            int width = _layers[i].Width;
            if (width > 0 && !_hidden.ContainsKey(width))
            {
                _hidden[width] = new Activation(context.MaxRows, width, type);
            }
        }

        _norm = new RmsNorm(context.Pool);
        _products = new MatrixProducts(context.Pool, 1);
        _gather = new RowGather(context.Pool);
        _combine = new WeightedRows(context.Pool);
        _choice = new ExpertChoice(context.Pool);
        _normed = new Activation(context.MaxRows, _config.HiddenSize, type);
        if (_config.HasExperts)
        {
            _scored = context.Mode == ComputeMode.F32 ? _normed : new Activation(context.MaxRows, _config.HiddenSize, ElementType.F32);
            _scores = new Activation(context.MaxRows, _config.Experts, ElementType.F32);
        }
    }

    /// <summary>First layer of the range.</summary>
    public int FirstLayer { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount => _layers.Length;

    /// <summary>The router's logits of the last <see cref="Route"/>, float32 [tokens, experts]; null in a model without experts.</summary>
    public Activation? Scores => _scores;

    /// <summary>Norms x and chooses experts. In a layer without experts nothing is routed.</summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <param name="x">Residual stream, float32 [tokens, hidden].</param>
    /// <param name="tokens">Rows of it.</param>
    /// <param name="routed">Receives the choice.</param>
    public void Route(int layer, Activation x, int tokens, RoutedRows routed)
    {
        Layer l = _layers[layer - FirstLayer];
        bool own = _scored is not null && _scored != _normed && l.Gate is not null;
        _norm.Run(x, 0, tokens, l.Norm, _config.RmsNormEps, _normed, own ? _scored : null);
        routed.Begin(tokens, _config.TopK(layer));
        if (l.Gate is null)
        {
            return;
        }

        _products.Add(l.Gate.Matrix, _scored!, 0, _scores!, 0, tokens, Epilogue.Store);
        _products.Run();
        _choice.Run(_scores!, routed);
        routed.Order();
    }

    /// <summary>Copies the normed rows into the order in which experts take them.</summary>
    /// <param name="routed">The choice of the last <see cref="Route"/>.</param>
    /// <param name="rows">Receives [routed.Rows, hidden] in the mode's element type.</param>
    public void Gather(RoutedRows routed, Activation rows) => _gather.Run(_normed, routed.TokenOf, routed.Rows, rows);

    /// <summary>x += the shared expert (or the plain MLP) of the rows of the last <see cref="Route"/>.</summary>
    public void AddShared(int layer, Activation x, int tokens)
    {
        QueueSharedUp(layer, tokens, _products);
        _products.Run();
        QueueSharedDown(layer, x, tokens, _products);
        _products.Run();
    }

    /// <summary>First half of <see cref="AddShared"/>, queued so that a caller who has the experts too can run both at once.</summary>
    public void QueueSharedUp(int layer, int tokens, MatrixProducts products)
    {
        Layer l = _layers[layer - FirstLayer];
        if (l.GateUp is not null)
        {
            products.Add(l.GateUp.Matrix, _normed, 0, _hidden[l.Width], 0, tokens, Epilogue.SwiGlu);
        }
    }

    /// <summary>Second half of <see cref="AddShared"/>, after the first has run.</summary>
    public void QueueSharedDown(int layer, Activation x, int tokens, MatrixProducts products)
    {
        Layer l = _layers[layer - FirstLayer];
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
        _normed.Dispose();
        _scored?.Dispose();
        _scores?.Dispose();
        foreach (Activation hidden in _hidden.Values)
        {
            hidden.Dispose();
        }
    }

    private sealed record Layer(float[] Norm, PlannedMatrix? Gate, PlannedMatrix? GateUp, PlannedMatrix? Down, int Width)
    {
        public static Layer Plan(Weights weights, int layer, WeightPlan plan)
        {
            float[] norm = weights.PostAttentionNorm(layer).ToSingles();
            bool moe = weights.Config.IsMoeLayer(layer);
            PlannedMatrix? gate = moe ? plan.AddSingle(weights.RouterGate(layer)) : null;
            if (moe && weights.Config.SharedExperts(layer) == 0)
            {
                return new Layer(norm, gate, null, null, 0);
            }

            MlpRows mlp = moe ? weights.Shared(layer) : weights.Dense(layer);
            return new Layer(norm, gate, plan.AddGateUp(mlp), plan.Add(mlp.Down), mlp.Gate.Rows);
        }
    }
}
