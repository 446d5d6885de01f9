using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Layers;

/// <summary>The weight of a norm.</summary>
/// <param name="Value">[1, width].</param>
/// <param name="Parameter">The weight if it is trained.</param>
public sealed record Norm(Activation Value, Parameter? Parameter);
