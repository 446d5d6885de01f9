using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Model.Parts;

/// <summary>What the parts of a model on one device share.</summary>
/// <param name="Device">The device. Not owned.</param>
/// <param name="Mode">Precision of products.</param>
/// <param name="MaxRows">Maximum number of tokens in one step; scratch memory is sized for it.</param>
internal sealed record ComputeContext(IComputeDevice Device, ComputeMode Mode, int MaxRows);
