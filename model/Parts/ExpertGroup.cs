using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// A range of routed experts of a range of layers: y = down(silu(gate x) * up x), unweighted, rounded to the mode's element type as it
/// would be on the wire. It does not know which tokens its rows are. Not thread-safe: one call at a time.
/// </summary>
public sealed class ExpertGroup : IDisposable
{
    private readonly Expert[][] _layers;
    private readonly MatrixProducts _products;
    private readonly Dictionary<int, Activation> _hidden = [];

    /// <summary>Plans the weights of experts [firstExpert, firstExpert + experts) of layers [firstLayer, firstLayer + layers).</summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="firstLayer">First layer; layers without experts in the range hold nothing.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="firstExpert">First expert.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="plan">Receives the matrices; they must be loaded before the first call.</param>
    /// <param name="context">Workers, precision, largest step.</param>
    public ExpertGroup(Weights weights, int firstLayer, int layers, int firstExpert, int experts, WeightPlan plan, ComputeContext context)
    {
        ModelConfig config = weights.Config;
        FirstLayer = firstLayer;
        FirstExpert = firstExpert;
        Experts = experts;
        ArgumentOutOfRangeException.ThrowIfNegative(firstLayer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstLayer + layers, config.Layers, nameof(layers));
        ArgumentOutOfRangeException.ThrowIfNegative(firstExpert);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstExpert + experts, config.Experts, nameof(experts));
        _layers = new Expert[layers][];
        for (int i = 0; i < layers; i++)
        {
            int layer = firstLayer + i;
            _layers[i] = new Expert[config.IsMoeLayer(layer) ? experts : 0];
            for (int e = 0; e < _layers[i].Length; e++)
            {
                MlpRows mlp = weights.Expert(layer, firstExpert + e);
                _layers[i][e] = new Expert(plan.AddGateUp(mlp), plan.Add(mlp.Down), mlp.Gate.Rows);
            }

            int width = config.IntermediateSize(layer);
            int rows = context.MaxRows * Math.Min(experts, config.TopK(layer));
            if (rows > 0 && (!_hidden.TryGetValue(width, out Activation? hidden) || hidden.Rows < rows))
            {
                hidden?.Dispose();
                _hidden[width] = new Activation(rows, width, context.Mode.Element());
            }
        }

        _products = new MatrixProducts(context.Pool, Math.Max(1, experts));
    }

    /// <summary>First layer of the range.</summary>
    public int FirstLayer { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount => _layers.Length;

    /// <summary>First expert of the range.</summary>
    public int FirstExpert { get; }

    /// <summary>Number of experts.</summary>
    public int Experts { get; }

    /// <summary>Bytes of weights read by all calls so far: those of every expert that had a row.</summary>
    public long TouchedBytes { get; private set; }

    /// <summary>Runs the group's experts of one layer.</summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <param name="counts">Rows for each expert of the range; they follow each other in <paramref name="x"/>.</param>
    /// <param name="x">[rows, hidden] in the mode's element type.</param>
    /// <param name="y">Receives as many rows in the same order, in the mode's element type.</param>
    /// <param name="firstRow">Where the group's rows begin in both.</param>
    public void Forward(int layer, ReadOnlySpan<int> counts, Activation x, Activation y, int firstRow = 0)
    {
        QueueUp(layer, counts, x, firstRow, _products);
        _products.Run();
        QueueDown(layer, counts, y, firstRow, _products);
        _products.Run();
    }

    /// <summary>First half of <see cref="Forward"/>, queued so that a caller can run it together with other products.</summary>
    public void QueueUp(int layer, ReadOnlySpan<int> counts, Activation x, int firstRow, MatrixProducts products)
    {
        Expert[] experts = _layers[layer - FirstLayer];
        ArgumentOutOfRangeException.ThrowIfNotEqual(counts.Length, experts.Length, nameof(counts));
        int row = 0;
        for (int e = 0; e < experts.Length; e++)
        {
            products.Add(experts[e].GateUp.Matrix, x, firstRow + row, _hidden[experts[e].Width], row, counts[e], Epilogue.SwiGlu);
            row += counts[e];
            TouchedBytes += counts[e] > 0 ? experts[e].GateUp.ByteLength + experts[e].Down.ByteLength : 0;
        }
    }

    /// <summary>Second half of <see cref="Forward"/>, after the first has run.</summary>
    public void QueueDown(int layer, ReadOnlySpan<int> counts, Activation y, int firstRow, MatrixProducts products)
    {
        Expert[] experts = _layers[layer - FirstLayer];
        int row = 0;
        for (int e = 0; e < experts.Length; e++)
        {
            products.Add(experts[e].Down.Matrix, _hidden[experts[e].Width], row, y, firstRow + row, counts[e], Epilogue.Store);
            row += counts[e];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _products.Dispose();
        foreach (Activation hidden in _hidden.Values)
        {
            hidden.Dispose();
        }
    }

    private sealed record Expert(PlannedMatrix GateUp, PlannedMatrix Down, int Width);
}
