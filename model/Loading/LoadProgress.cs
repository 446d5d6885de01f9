namespace HunyuanOrleans.Model.Loading;

/// <summary>The progress of a load. Matrices and bytes never decrease within a stage and end at their totals.</summary>
/// <param name="Matrices">Number of finished matrices.</param>
/// <param name="TotalMatrices">Total number of matrices.</param>
/// <param name="Bytes">Packed bytes finished.</param>
/// <param name="TotalBytes">Total packed bytes.</param>
/// <param name="Stage">The current stage.</param>
public readonly record struct LoadProgress(
    int Matrices, int TotalMatrices, long Bytes, long TotalBytes, LoadStage Stage = LoadStage.Packing);

/// <summary>The stages of a load: <see cref="Packing"/>, then possibly <see cref="Saving"/>; or only <see cref="Mapping"/>.</summary>
public enum LoadStage
{
    /// <summary>Reading the checkpoint and packing it in memory.</summary>
    Packing,

    /// <summary>Writing the packed copy.</summary>
    Saving,

    /// <summary>Mapping a packed copy that an earlier load wrote.</summary>
    Mapping,
}
