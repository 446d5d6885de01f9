using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Computes the installed routed experts of all layers: y = down(silu(gate x) * up x), without the routing weight. Outputs are rounded to
/// the mode's element type, as they are on the wire, so that local and remote experts give the same bits. It does not know the tokens
/// behind its rows. It is not thread-safe.
/// </summary>
internal sealed class ExpertGroup : IDisposable
{
    private readonly ExpertWeights?[][] _experts;
    private readonly IMatrixTable?[] _gateUp;
    private readonly IMatrixTable?[] _down;
    private readonly IActivation?[] _hidden;
    private readonly int[] _missing;
    private readonly DisposableStack _owned = new();

    /// <summary>Reserves scratch memory. No expert is installed yet.</summary>
    /// <param name="config">A model with experts.</param>
    /// <param name="maxRows">Maximum number of rows in one call.</param>
    /// <param name="context">Device and precision.</param>
    public ExpertGroup(ModelConfig config, int maxRows, ComputeContext context)
    {
        _experts = new ExpertWeights?[config.Layers][];
        _gateUp = new IMatrixTable?[config.Layers];
        _down = new IMatrixTable?[config.Layers];
        _hidden = new IActivation?[config.Layers];
        _missing = new int[config.Layers];
        Dictionary<int, IActivation> byWidth = [];
        try
        {
            for (int layer = 0; layer < config.Layers; layer++)
            {
                _experts[layer] = new ExpertWeights?[config.IsMoeLayer(layer) ? config.Experts : 0];
                int width = config.IntermediateSize(layer);
                if (_experts[layer].Length > 0)
                {
                    if (!byWidth.TryGetValue(width, out IActivation? hidden))
                    {
                        byWidth[width] = hidden = _owned.Add(context.Device.CreateActivation(maxRows, width, context.Mode.Element()));
                    }

                    _hidden[layer] = hidden;
                    _gateUp[layer] = _owned.Add(context.Device.CreateTable(config.Experts));
                    _down[layer] = _owned.Add(context.Device.CreateTable(config.Experts));
                    _missing[layer] = config.Experts;
                }
            }
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Bytes of weights that all calls so far have read: those of every expert that had a row. Where only the device knows the rows, nothing is counted.
    /// </summary>
    public long WeightBytesRead { get; private set; }

    /// <summary>Whether every expert of a layer is installed. True for a layer without experts.</summary>
    public bool HoldsAll(int layer) => _missing[layer] == 0;

    /// <summary>Sets the weights of an expert; null removes them.</summary>
    public void Set(int layer, int expert, ExpertWeights? weights)
    {
        _missing[layer] += (_experts[layer][expert] is null ? 0 : 1) - (weights is null ? 0 : 1);
        _experts[layer][expert] = weights;
        _gateUp[layer]![expert] = weights?.GateUp.Matrix;
        _down[layer]![expert] = weights?.Down.Matrix;
    }

    /// <summary>Checks that every expert with rows is installed, so that queueing cannot fail halfway.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="groups">Rows for each expert.</param>
    /// <param name="local">For each group, whether its expert is computed here. Empty: all are.</param>
    /// <exception cref="MissingPieceException">A local expert with rows is not installed.</exception>
    public void Check(int layer, IRowGroups groups, ReadOnlySpan<bool> local)
    {
        // Asking for the counts may have to wait for the device.
        if (HoldsAll(layer))
        {
            return;
        }

        ReadOnlySpan<int> counts = groups.Counts;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]) && _experts[layer][groups.FirstExpert + i] is null)
            {
                throw new MissingPieceException(ModelPiece.OfExpert(layer, groups.FirstExpert + i));
            }
        }
    }

    /// <summary>Queues the gate and up projections of experts, to run together with other products.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="groups">Rows for each expert.</param>
    /// <param name="local">For each group, whether its expert is computed here. Empty: all are.</param>
    /// <param name="x">
    /// Rows of all groups in order, also for experts that are not computed here: [rows, hidden] in the mode's element type.
    /// </param>
    /// <param name="products">The queue.</param>
    /// <param name="sums">Receives the sums, if the caller applies SwiGLU to them; null: it is applied here.</param>
    public void QueueUp(
        int layer, IRowGroups groups, ReadOnlySpan<bool> local, IActivation x, IMatrixProducts products, IActivation? sums = null)
    {
        products.AddExperts(_gateUp[layer]!, groups, local, x, sums ?? _hidden[layer]!, sums is null ? Epilogue.SwiGlu : Epilogue.Store);
        CountBytes(layer, groups, local);
    }

    /// <summary>The intermediate rows of a layer with experts.</summary>
    public IActivation Hidden(int layer) => _hidden[layer]!;

    /// <summary>
    /// Queues the down projections of experts. Call it after the products of <see cref="QueueUp"/> with the same groups have run, and before any other
    /// call, because the intermediate rows are kept in shared scratch memory.
    /// </summary>
    public void QueueDown(int layer, IRowGroups groups, ReadOnlySpan<bool> local, IActivation y, IMatrixProducts products) =>
        products.AddExperts(_down[layer]!, groups, local, _hidden[layer]!, y, Epilogue.Store);

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    private void CountBytes(int layer, IRowGroups groups, ReadOnlySpan<bool> local)
    {
        if (!groups.AreCountsKnown)
        {
            return;
        }

        ReadOnlySpan<int> counts = groups.Counts;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                ExpertWeights expert = _experts[layer][groups.FirstExpert + i]!;
                WeightBytesRead += expert.GateUp.ByteLength + expert.Down.ByteLength;
            }
        }
    }
}
