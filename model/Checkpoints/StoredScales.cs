using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The scales of a quantised tensor. Valid until the checkpoint is disposed.</summary>
/// <param name="Type">Element type of the codes: I8, I4 or F8E4M3.</param>
/// <param name="Scales">One for the tensor, for each row, or for each 32 columns of each row.</param>
/// <param name="PerRow">Scales of one row; 0 where one serves all rows.</param>
/// <param name="InputScale">What the input is divided by before it is quantised; null where that follows the input.</param>
/// <param name="Names">Names of every tensor that belongs to the codes.</param>
public sealed record StoredScales(ElementType Type, TensorView Scales, int PerRow, float? InputScale, IReadOnlyList<string> Names)
{
    /// <summary>Scales of the rows from <paramref name="row"/> on.</summary>
    internal SourceScales From(int row) =>
        new SourceScales(Scales.Address, (long)PerRow * Scales.StoredType.Size(), Scales.ElementType).Skip(row);
}
