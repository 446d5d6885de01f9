namespace HunyuanOrleans.Model.Loading;

/// <summary>How far loading is.</summary>
/// <param name="Matrices">Matrices done.</param>
/// <param name="TotalMatrices">Matrices in all.</param>
/// <param name="Bytes">Packed bytes done.</param>
/// <param name="TotalBytes">Packed bytes in all.</param>
public readonly record struct LoadProgress(int Matrices, int TotalMatrices, long Bytes, long TotalBytes);
