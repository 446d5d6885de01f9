using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
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
    private readonly Activation[] _hidden;

    /// <summary>Reserves scratch memory. No expert is installed yet.</summary>
    /// <param name="config">A model with experts.</param>
    /// <param name="maxRows">Maximum number of rows in one call.</param>
    /// <param name="context">Workers and precision.</param>
    public ExpertGroup(ModelConfig config, int maxRows, ComputeContext context)
    {
        _experts = new ExpertWeights?[config.Layers][];
        _hidden = new Activation[config.Layers];
        Dictionary<int, Activation> byWidth = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            _experts[layer] = new ExpertWeights?[config.IsMoeLayer(layer) ? config.Experts : 0];
            int width = config.IntermediateSize(layer);
            if (_experts[layer].Length > 0)
            {
                byWidth.TryAdd(width, null!);
                _hidden[layer] = byWidth[width] ??= new Activation(maxRows, width, context.Mode.Element());
            }
        }
    }

    /// <summary>Bytes of weights that all calls so far have read: those of every expert that had a row.</summary>
    public long WeightBytesRead { get; private set; }

    /// <summary>Sets the weights of an expert; null removes them.</summary>
    public void Set(int layer, int expert, ExpertWeights? weights) => _experts[layer][expert] = weights;

    /// <summary>Checks that every expert with rows is installed, so that queueing cannot fail halfway.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="firstExpert">Expert of the first count.</param>
    /// <param name="counts">Rows for each expert.</param>
    /// <param name="local">For each count, whether its expert is computed here. Empty: all are.</param>
    /// <exception cref="MissingPieceException">A local expert with rows is not installed.</exception>
    public void Check(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]) && _experts[layer][firstExpert + i] is null)
            {
                throw new MissingPieceException(ModelPiece.OfExpert(layer, firstExpert + i));
            }
        }
    }

    /// <summary>Queues the gate and up projections of experts, to run together with other products.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="firstExpert">Expert of the first count.</param>
    /// <param name="counts">Rows for each expert.</param>
    /// <param name="local">For each count, whether its expert is computed here. Empty: all are.</param>
    /// <param name="x">
    /// Rows for all counts in order, also for experts that are not computed here: [rows, hidden] in the mode's element type.
    /// </param>
    /// <param name="products">The queue.</param>
    public void QueueUp(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, Activation x, MatrixProducts products)
    {
        int row = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                ExpertWeights expert = _experts[layer][firstExpert + i]!;
                products.Add(expert.GateUp.Matrix, x, row, _hidden[layer], row, counts[i], Epilogue.SwiGlu);
                WeightBytesRead += expert.GateUp.ByteLength + expert.Down.ByteLength;
            }

            row += counts[i];
        }
    }

    /// <summary>
    /// Queues the down projections of experts. Call it after the products of <see cref="QueueUp"/> with the same counts have run, and
    /// before any other call, because the intermediate rows are kept in shared scratch memory.
    /// </summary>
    public void QueueDown(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, Activation y, MatrixProducts products)
    {
        int row = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                products.Add(_experts[layer][firstExpert + i]!.Down.Matrix, _hidden[layer], row, y, row, counts[i], Epilogue.Store);
            }

            row += counts[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Activation? hidden in _hidden)
        {
            hidden?.Dispose();
        }
    }
}
