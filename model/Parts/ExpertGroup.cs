using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The routed experts held here, of any layers: y = down(silu(gate x) * up x), unweighted, rounded to the mode's element type as it
/// would be on the wire. It does not know which tokens its rows are. Not thread-safe.
/// </summary>
internal sealed class ExpertGroup : IDisposable
{
    private readonly ExpertWeights?[][] _cells;
    private readonly Activation[] _hidden;

    /// <summary>Reserves scratch memory; no expert is held yet.</summary>
    /// <param name="config">A model with experts.</param>
    /// <param name="maxRows">Most rows of one call.</param>
    /// <param name="context">Workers, precision.</param>
    public ExpertGroup(ModelConfig config, int maxRows, ComputeContext context)
    {
        _cells = new ExpertWeights?[config.Layers][];
        _hidden = new Activation[config.Layers];
        Dictionary<int, Activation> byWidth = [];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            _cells[layer] = new ExpertWeights?[config.IsMoeLayer(layer) ? config.Experts : 0];
            int width = config.IntermediateSize(layer);
            if (_cells[layer].Length > 0)
            {
                byWidth.TryAdd(width, null!);
                _hidden[layer] = byWidth[width] ??= new Activation(maxRows, width, context.Mode.Element());
            }
        }
    }

    /// <summary>Bytes of weights read by all calls so far: those of every expert that had a row.</summary>
    public long WeightBytesRead { get; private set; }

    /// <summary>Holds the weights of an expert from now on, or none where they are null.</summary>
    public void Set(int layer, int expert, ExpertWeights? weights) => _cells[layer][expert] = weights;

    /// <summary>Checks that every expert that gets rows is held, so that queueing cannot stop halfway.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="firstExpert">Expert of the first count.</param>
    /// <param name="counts">Rows for each expert.</param>
    /// <param name="local">Which of the counts are meant; empty: all.</param>
    /// <exception cref="MissingPieceException">One is not.</exception>
    public void Check(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]) && _cells[layer][firstExpert + i] is null)
            {
                throw new MissingPieceException(ModelPiece.OfExpert(layer, firstExpert + i));
            }
        }
    }

    /// <summary>Queues gate and up of experts, to run together with other products. Rows of all counts follow each other, meant or not.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="firstExpert">Expert of the first count.</param>
    /// <param name="counts">Rows for each expert.</param>
    /// <param name="local">Which of the counts are meant; empty: all.</param>
    /// <param name="x">[rows, hidden] in the mode's element type.</param>
    /// <param name="products">The queue.</param>
    public void QueueUp(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, Activation x, MatrixProducts products)
    {
        int row = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                ExpertWeights cell = _cells[layer][firstExpert + i]!;
                products.Add(cell.GateUp.Matrix, x, row, _hidden[layer], row, counts[i], Epilogue.SwiGlu);
                WeightBytesRead += cell.GateUp.ByteLength + cell.Down.ByteLength;
            }

            row += counts[i];
        }
    }

    /// <summary>Queues down, after <see cref="QueueUp"/> with the same counts has run and before anything else.</summary>
    public void QueueDown(int layer, int firstExpert, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, Activation y, MatrixProducts products)
    {
        int row = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                products.Add(_cells[layer][firstExpert + i]!.Down.Matrix, _hidden[layer], row, y, row, counts[i], Epilogue.Store);
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
