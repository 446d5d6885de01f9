namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Adds one vector to every row of a buffer.</summary>
public interface IBiasAdd
{
    /// <summary>x[row] += bias for the first <paramref name="rows"/> rows.</summary>
    /// <param name="x">float32 [rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="bias">[columns].</param>
    void Run(IActivation x, int rows, IVector bias);
}
