namespace HunyuanOrleans.Kernels.Packing;

/// <summary>A matrix that is to be packed.</summary>
/// <param name="Rows">Output rows, with the padding of pairs.</param>
/// <param name="Columns">Input columns.</param>
/// <param name="Type">Element type after packing.</param>
/// <param name="Sources">The rows it is packed from, in order.</param>
/// <param name="InputScale">The fixed scale of its input; 0 if there is none.</param>
/// <param name="Paired">
/// Whether the rows are those of a gate and of the projection that it gates, for <see cref="Products.Epilogue.SwiGlu"/>. For the CPU they alternate in
/// blocks of 64, for a device with its own memory all rows of the gate come first.
/// </param>
public sealed record MatrixSource(int Rows, int Columns, ElementType Type, IReadOnlyList<SourceRows> Sources, float InputScale, bool Paired);
