namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Adds the outputs of experts to the rows of their tokens.</summary>
public interface IWeightedRowSum
{
    /// <summary>y[t] += sum over the experts of t, ascending, of weight * x[row of the expert].</summary>
    /// <param name="x">Outputs in the order of the sent rows, float32 or bfloat16.</param>
    /// <param name="routed">The chosen experts.</param>
    /// <param name="y">float32 [tokens, columns].</param>
    void Run(IActivation x, IRoutedRows routed, IActivation y);
}
