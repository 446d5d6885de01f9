using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>Runs rows of other devices through the experts of a CPU.</summary>
public sealed class ExpertRunner : IExpertRunner
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

    /// <inheritdoc/>
    public Activation Input { get; }

    /// <inheritdoc/>
    public Activation Output { get; }

    /// <inheritdoc/>
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

    IRowBuffer IExpertRunner.Input => Input;

    IRowBuffer IExpertRunner.Output => Output;

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
