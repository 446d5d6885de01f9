using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The scales of a quantised tensor. Valid until the checkpoint is disposed.</summary>
/// <param name="Type">Element type of the codes: I8, I4 or F8E4M3.</param>
/// <param name="Scales">One scale for the tensor, for each row, or for each 32 columns of each row.</param>
/// <param name="PerRow">Number of scales per row; 0 if one scale serves all rows.</param>
/// <param name="InputScale">
/// The input is divided by this value before it is quantised; null if the scale is computed from the input.
/// </param>
/// <param name="Names">Names of all tensors that belong to the codes.</param>
public sealed record StoredScales(ElementType Type, TensorView Scales, int PerRow, float? InputScale, IReadOnlyList<string> Names)
{
    /// <summary>The scales of the rows from <paramref name="row"/> on.</summary>
    internal SourceScales From(int row) =>
        new SourceScales(Scales.Address, (long)PerRow * Scales.StoredType.Size(), Scales.ElementType).Skip(row);
}
