namespace HunyuanOrleans.Cuda.Driver;

/// <summary>Blocks of a launch in three dimensions.</summary>
public readonly record struct CudaGrid(int X, int Y = 1, int Z = 1);
