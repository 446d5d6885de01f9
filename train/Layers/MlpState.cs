using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Train.Layers;

/// <summary>What the backward pass of an MLP needs.</summary>
/// <param name="rows">Most rows.</param>
/// <param name="width">Intermediate values of a row.</param>
public sealed class MlpState(int rows, int width) : IDisposable
{
    /// <summary>[rows, width]; the backward pass replaces it by its gradient.</summary>
    public Activation Gate { get; } = new(rows, width, ElementType.F32);

    /// <summary>[rows, width]; the backward pass replaces it by its gradient.</summary>
    public Activation Up { get; } = new(rows, width, ElementType.F32);

    /// <summary>silu(gate) * up, [rows, width].</summary>
    public Activation Hidden { get; } = new(rows, width, ElementType.F32);

    /// <inheritdoc/>
    public void Dispose()
    {
        Gate.Dispose();
        Up.Dispose();
        Hidden.Dispose();
    }
}
