using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The settings and workers that the parts of a model on one device share.</summary>
/// <param name="Pool">Worker threads. Not owned.</param>
/// <param name="Kernels">The kernels that compute matrix products.</param>
/// <param name="Mode">Precision of products.</param>
/// <param name="MaxRows">Maximum number of tokens in one step; scratch memory is sized for it.</param>
internal sealed record ComputeContext(WorkerPool Pool, PanelKernels Kernels, ComputeMode Mode, int MaxRows);
