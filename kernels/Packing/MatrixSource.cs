namespace HunyuanOrleans.Kernels.Packing;

/// <summary>A matrix that is to be packed.</summary>
/// <param name="Rows">Output rows, with the padding of pairs.</param>
/// <param name="Columns">Input columns.</param>
/// <param name="Type">Element type after packing.</param>
/// <param name="Sources">The rows it is packed from, in order.</param>
/// <param name="InputScale">The fixed scale of its input; 0 if there is none.</param>
/// <param name="Paired">Whether the rows alternate between 64 gate rows and 64 up rows, for <see cref="Products.Epilogue.SwiGlu"/>.</param>
public sealed record MatrixSource(int Rows, int Columns, ElementType Type, IReadOnlyList<SourceRows> Sources, float InputScale, bool Paired);
