using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>Runs rows of other devices through the experts of a <see cref="ModelDevice"/>.</summary>
public sealed class ExpertRunner : IExpertRunner
{
    private readonly ModelParts _parts;
    private readonly DisposableStack _owned = new();
    private readonly IExpertRows _groups;

    internal ExpertRunner(ModelParts parts)
    {
        if (parts.Experts is null)
        {
            throw new ModelException("The model has no experts to run.");
        }

        _parts = parts;
        int rows = parts.Options.MaxBatchTokens * parts.TopK;
        ElementType type = parts.Options.Mode.Element();
        try
        {
            Input = _owned.Add(parts.Device.CreateActivation(rows, parts.Config.HiddenSize, type));
            Output = _owned.Add(parts.Device.CreateActivation(rows, parts.Config.HiddenSize, type));
            _groups = _owned.Add(parts.Device.CreateExpertRows(parts.Config.Experts));
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IActivation Input { get; }

    /// <inheritdoc/>
    public IActivation Output { get; }

    /// <inheritdoc/>
    public void Run(int layer, int firstExpert, ReadOnlySpan<int> counts, AdapterRows? adapters = null)
    {
        Check(layer, firstExpert, counts);
        ExpertGroup experts = _parts.Experts!;
        _groups.Set(firstExpert, counts);
        experts.Check(layer, _groups, default);
        if (adapters is { Any: true })
        {
            RunAdapted(layer, firstExpert, counts, adapters);
            return;
        }

        experts.QueueUp(layer, _groups, default, Input, _parts.Products);
        _parts.Products.Run();
        experts.QueueDown(layer, _groups, default, Output, _parts.Products);
        _parts.Products.Run();
    }

    IRowBuffer IExpertRunner.Input => Input;

    IRowBuffer IExpertRunner.Output => Output;

    /// <summary>Frees the buffers.</summary>
    public void Dispose() => _owned.Dispose();

    private void RunAdapted(int layer, int firstExpert, ReadOnlySpan<int> counts, AdapterRows adapters)
    {
        AdapterProducts products = _parts.Adapters ?? throw new ArgumentException("The device computes no adapters.", nameof(adapters));
        CheckCovered(layer, firstExpert, counts, adapters);
        ExpertGroup experts = _parts.Experts!;
        ExpertCall call = new(layer, firstExpert, counts, default, adapters.OfRow);
        Activation? up = products.ExpertUpSums(adapters, layer), down = products.ExpertDownSums(adapters, layer);
        experts.QueueUp(layer, _groups, default, Input, _parts.Products, up);
        _parts.Products.Run();
        if (up is not null)
        {
            products.FinishExpertsUp(call, Input, up, experts.Hidden(layer));
        }

        experts.QueueDown(layer, _groups, default, down ?? Output, _parts.Products);
        _parts.Products.Run();
        products.FinishExpertsDown(call, experts.Hidden(layer), down, Output);
    }

    private static void CheckCovered(int layer, int firstExpert, ReadOnlySpan<int> counts, AdapterRows adapters)
    {
        int row = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            foreach (LoraAdapter? adapter in adapters.OfRow.Slice(row, counts[i]))
            {
                if (adapter?.Covers(layer, firstExpert + i) == false)
                {
                    throw new MissingPieceException(ModelPiece.OfExpert(layer, firstExpert + i));
                }
            }

            row += counts[i];
        }

        if (row != adapters.Rows)
        {
            throw new ArgumentException($"Adapters for {adapters.Rows} of {row} rows.", nameof(adapters));
        }
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
