using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// Runs rows through a device's experts for a step that another device computes. Its calls must not overlap with any other call that
/// computes on the device. It knows neither the tokens behind the rows nor their routing weights.
/// </summary>
public sealed class ExpertRunner : IDisposable
{
    private readonly ModelParts _parts;

    internal ExpertRunner(ModelParts parts)
    {
        if (parts.Experts is null)
        {
            throw new ModelException("The model has no experts to run.");
        }

        _parts = parts;
        int rows = parts.Options.MaxBatchTokens * parts.TopK;
        ElementType type = parts.Options.Mode.Element();
        Input = new Activation(rows, parts.Config.HiddenSize, type);
        Output = new Activation(rows, parts.Config.HiddenSize, type);
    }

    /// <summary>
    /// The rows to compute, [<see cref="Loading.ModelOptions.MaxBatchTokens"/> * top-k, hidden] in the mode's element type. The caller
    /// writes the rows; the runner owns the buffer.
    /// </summary>
    public Activation Input { get; }

    /// <summary>The experts' outputs, one row for each row of <see cref="Input"/>; owned by the runner.</summary>
    public Activation Output { get; }

    /// <summary>
    /// Runs consecutive rows of <see cref="Input"/>: counts[0] for expert firstExpert, counts[1] for the next, and so on.
    /// </summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <param name="firstExpert">Number of the first expert.</param>
    /// <param name="counts">Rows for each expert. An expert with 0 rows need not be installed.</param>
    /// <exception cref="ModelException">
    /// An expert with rows is not installed (<see cref="MissingPieceException"/>), the layer or expert does not exist, or there are too
    /// many rows. Nothing was computed.
    /// </exception>
    public void Run(int layer, int firstExpert, ReadOnlySpan<int> counts)
    {
        Check(layer, firstExpert, counts);
        ExpertGroup experts = _parts.Experts!;
        experts.Check(layer, firstExpert, counts, default);
        experts.QueueUp(layer, firstExpert, counts, default, Input, _parts.Products);
        _parts.Products.Run();
        experts.QueueDown(layer, firstExpert, counts, default, Output, _parts.Products);
        _parts.Products.Run();
    }

    /// <summary>Frees both buffers.</summary>
    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
    }

    private void Check(int layer, int firstExpert, ReadOnlySpan<int> counts)
    {
        int experts = _parts.Config.Experts;
        if (layer < 0 || layer >= _parts.Config.Layers || !_parts.Config.IsMoeLayer(layer))
        {
            throw new ModelException(
                $"Layer {layer} has no experts; allowed: layers {_parts.Config.FirstMoeLayer} to {_parts.Config.Layers - 1}.");
        }

        if (firstExpert < 0 || firstExpert > experts - counts.Length)
        {
            throw new ModelException($"Experts {firstExpert} to {(long)firstExpert + counts.Length - 1} of layer {layer}; allowed: 0 to {experts - 1}.");
        }

        long rows = 0;
        foreach (int count in counts)
        {
            if (count < 0)
            {
                throw new ModelException($"{count} rows for an expert; allowed: 0 or more.");
            }

            rows += count;
        }

        if (rows > Input.Rows)
        {
            throw new ModelException($"{rows} rows for experts of layer {layer}; allowed: at most {Input.Rows} at once.");
        }
    }
}
