namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Copies selected rows of one buffer to consecutive rows of another one with the same type and columns.</summary>
public interface IRowGather
{
    /// <summary>Copies row <c>rows[i]</c> of <paramref name="from"/> to row i of <paramref name="to"/>, for i below <paramref name="count"/>.</summary>
    void Run(IActivation from, int[] rows, int count, IActivation to);

    /// <summary>Copies the rows of tokens into the order in which they are sent to experts.</summary>
    void Run(IActivation from, IRoutedRows routed, IActivation to);
}
