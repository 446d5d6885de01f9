using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Computes routing and the shared experts (or plain MLPs) of the installed layers: norms the residual stream, scores the experts, chooses
/// the top-k, orders the rows to send, and sums the outputs, the shared expert first, then the routed experts by ascending number. The
/// caller keeps the state of a step (normed rows and routing); only <see cref="Scores"/> is kept here until the next call. It does not
/// know where the routed experts are. It is not thread-safe.
/// </summary>
internal sealed class Router : IDisposable
{
    private readonly ModelConfig _config;
    private readonly RouterLayerWeights?[] _layers;
    private readonly IRmsNorm _norm;
    private readonly IMatrixProducts _products;
    private readonly IRowGather _gather;
    private readonly IWeightedRowSum _combine;
    private readonly IExpertSelector _selector;
    private readonly IActivation? _scored;
    private readonly IActivation? _scores;
    private readonly Dictionary<int, IActivation> _hidden = [];
    private readonly DisposableStack _owned = new();

    /// <summary>Reserves scratch memory. No layer is installed yet.</summary>
    /// <param name="config">The model.</param>
    /// <param name="context">Device, precision and largest step.</param>
    public Router(ModelConfig config, ComputeContext context)
    {
        IComputeDevice device = context.Device;
        _config = config;
        _layers = new RouterLayerWeights?[config.Layers];
        try
        {
            for (int layer = 0; layer < config.Layers; layer++)
            {
                int width = config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer);
                if (width > 0 && !_hidden.ContainsKey(width))
                {
                    _hidden[width] = _owned.Add(device.CreateActivation(context.MaxRows, width, context.Mode.Element()));
                }
            }

            _norm = device.CreateRmsNorm();
            _products = _owned.Add(device.CreateProducts(1));
            _gather = device.CreateGather();
            _combine = device.CreateWeightedRowSum();
            _selector = device.CreateSelector();
            if (config.HasExperts)
            {
                // Routers compute in float32. In that mode the normed rows are float32 already and serve as the routers' input.
                _scored = context.Mode == ComputeMode.F32 ? null : _owned.Add(device.CreateActivation(context.MaxRows, config.HiddenSize, ElementType.F32));
                _scores = _owned.Add(device.CreateActivation(context.MaxRows, config.Experts, ElementType.F32));
            }
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>Router logits of the last <see cref="Route"/>, float32 [tokens, experts]; null in a model without experts.</summary>
    public IActivation? Scores => _scores;

    /// <summary>Sets the weights of a layer; null removes them.</summary>
    public void Set(int layer, RouterLayerWeights? weights) => _layers[layer] = weights;

    /// <summary>Norms the residual stream and chooses experts. In a layer without experts it only norms.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="x">Residual stream, float32 [tokens, hidden].</param>
    /// <param name="tokens">Number of tokens in the step.</param>
    /// <param name="normed">Receives the normed rows in the mode's element type.</param>
    /// <param name="routed">Receives the chosen experts.</param>
    /// <exception cref="MissingPieceException">The layer is not installed.</exception>
    public void Route(int layer, IActivation x, int tokens, IActivation normed, IRoutedRows routed)
    {
        RouterLayerWeights l = At(layer);
        routed.Begin(tokens, _config.TopK(layer));
        _norm.Run(x, tokens, l.Norm.Vector, _config.RmsNormEps, normed, l.Gate is null ? null : _scored);
        if (l.Gate is null)
        {
            return;
        }

        _products.Add(l.Gate.Matrix, _scored ?? normed, _scores!, tokens, Epilogue.Store);
        _products.Run();
        _selector.Run(_scores!, routed, l.Sigmoid);
    }

    /// <summary>Copies normed rows into the order in which they are sent to experts.</summary>
    /// <param name="normed">The normed rows of <see cref="Route"/>.</param>
    /// <param name="routed">The experts chosen for them.</param>
    /// <param name="rows">Receives [routed.Rows, hidden] in the mode's element type.</param>
    public void Gather(IActivation normed, IRoutedRows routed, IActivation rows) => _gather.Run(normed, routed, rows);

    /// <summary>Queues the gate and up projections of the shared expert (or plain MLP), to run together with other products.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="normed">The normed rows of <see cref="Route"/>.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="products">The queue.</param>
    /// <param name="sums">Receives the sums, if the caller applies SwiGLU to them; null: it is applied here.</param>
    /// <exception cref="MissingPieceException">The layer is not installed.</exception>
    public void QueueSharedUp(int layer, IActivation normed, int tokens, IMatrixProducts products, IActivation? sums = null)
    {
        RouterLayerWeights l = At(layer);
        if (l.GateUp is not null)
        {
            products.Add(l.GateUp.Matrix, normed, sums ?? _hidden[l.Width], tokens, sums is null ? Epilogue.SwiGlu : Epilogue.Store);
        }
    }

    /// <summary>The intermediate rows of the plain or shared MLP of a layer; null if it has neither.</summary>
    public IActivation? SharedHidden(int layer) => At(layer).GateUp is null ? null : _hidden[At(layer).Width];

    /// <summary>
    /// Queues the down projection, which is added to x. Call it after the products of <see cref="QueueSharedUp"/> have run, and before any
    /// other call, because the intermediate rows are kept in shared scratch memory.
    /// </summary>
    public void QueueSharedDown(int layer, IActivation x, int tokens, IMatrixProducts products)
    {
        RouterLayerWeights l = At(layer);
        if (l.Down is not null)
        {
            products.Add(l.Down.Matrix, _hidden[l.Width], x, tokens, Epilogue.Add);
        }
    }

    /// <summary>Adds the routed experts' outputs, times their weights, to x by ascending expert number.</summary>
    /// <param name="routed">The chosen experts.</param>
    /// <param name="outputs">The experts' outputs, [routed.Rows, hidden], in the order of the sent rows.</param>
    /// <param name="x">Residual stream, to which the shared expert is already added.</param>
    public void Combine(IRoutedRows routed, IActivation outputs, IActivation x) => _combine.Run(outputs, routed, x);

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    private RouterLayerWeights At(int layer) => _layers[layer] ?? throw new MissingPieceException(ModelPiece.AttentionOf(_config, layer), layer);
}
