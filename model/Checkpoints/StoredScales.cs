using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The scales of a quantised tensor. Valid until the checkpoint is disposed.</summary>
/// <param name="Type">Element type of the codes.</param>
/// <param name="Scales">The stored scales.</param>
/// <param name="PerRow">Number of scales per row; 0 if one scale serves all rows, or if a provider reads them.</param>
/// <param name="InputScale">
/// The input is divided by this value before it is quantised; null if the scale is computed from the input.
/// </param>
/// <param name="Names">Names of all tensors that belong to the codes.</param>
public sealed record StoredScales(ElementType Type, TensorView Scales, int PerRow, float? InputScale, IReadOnlyList<string> Names)
{
    /// <summary>Provides the rows if they are not stored one after the other, with their scales; else null.</summary>
    internal IRowProvider? Provider { get; init; }

    /// <summary>Bytes of the codes of a row as the provider gives them; 0 without a provider.</summary>
    internal int RowBytes { get; init; }

    /// <summary>The scales of the rows from <paramref name="row"/> on.</summary>
    internal SourceScales From(int row) =>
        new SourceScales(Scales.Address, (long)PerRow * Scales.StoredType.Size(), Scales.ElementType).Skip(row);
}
