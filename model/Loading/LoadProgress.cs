namespace HunyuanOrleans.Model.Loading;

/// <summary>How far loading is. Matrices and bytes only grow within a stage and end at their totals.</summary>
/// <param name="Matrices">Matrices done.</param>
/// <param name="TotalMatrices">Matrices in all.</param>
/// <param name="Bytes">Packed bytes done.</param>
/// <param name="TotalBytes">Packed bytes in all.</param>
/// <param name="Stage">What is being done to them.</param>
public readonly record struct LoadProgress(
    int Matrices, int TotalMatrices, long Bytes, long TotalBytes, LoadStage Stage = LoadStage.Packing);

/// <summary>The stages of loading; a load goes through <see cref="Packing"/> and perhaps <see cref="Saving"/>, or through <see cref="Mapping"/>.</summary>
public enum LoadStage
{
    /// <summary>Reading the checkpoint and packing it in memory.</summary>
    Packing,

    /// <summary>Writing the packed copy.</summary>
    Saving,

    /// <summary>Mapping a packed copy that an earlier load wrote.</summary>
    Mapping,
}
