namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>A parameter of an entry.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">Its offset in the launch's arguments in bytes.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record PtxParameter(string Name, int Offset, int Size);
