namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>Shared memory with a name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Alignment">Its alignment in bytes.</param>
/// <param name="Size">Its size in bytes, or 0 if the launch decides.</param>
internal sealed record PtxShared(string Name, int Alignment, int Size);
