using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>What a generated panel kernel is made for.</summary>
/// <param name="Type">F32, BF16, I8, F8E4M3 or I4.</param>
/// <param name="Tokens">Tokens in the tile.</param>
/// <param name="Panels">Panels of 16 rows in the tile.</param>
/// <param name="Stride">Bytes from one step of the weights to the next.</param>
/// <param name="Ahead">What the kernel reads ahead.</param>
/// <param name="Pieces">Whether the weights lie in several pieces, <see cref="PanelArgs.Pieces"/>, which are read in order.</param>
internal readonly record struct PanelShape(ElementType Type, int Tokens, int Panels, int Stride, ReadAhead Ahead, bool Pieces);
