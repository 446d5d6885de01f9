namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Names consecutive operations of a step that a device may record and replay. Two runs with the same name submit the same operations.</summary>
/// <param name="First">Number of the first operation, as the caller counts.</param>
/// <param name="Last">Number of the last operation.</param>
/// <param name="Version">
/// Number of changes so far of the weights, keys and values that operations may use. What was recorded before the last change is not replayed.
/// </param>
public readonly record struct OperationRun(int First, int Last, int Version)
{
    /// <summary>Number of operations.</summary>
    public int Count => Last - First + 1;
}
