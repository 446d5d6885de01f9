namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Normalises rows: y = w * x / sqrt(mean(x²) + eps), computed in float32 and stored in the type of y.</summary>
public interface IRmsNorm
{
    /// <summary>Normalises the first <paramref name="rows"/> rows.</summary>
    /// <param name="x">float32 [rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="weight">[columns].</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="y">Receives the result, [rows, columns].</param>
    /// <param name="copyF32">Receives the values that y holds after rounding, as float32; may be null.</param>
    void Run(IActivation x, int rows, IVector weight, float eps, IActivation y, IActivation? copyF32 = null);
}
