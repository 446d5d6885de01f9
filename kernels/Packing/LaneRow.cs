namespace HunyuanOrleans.Kernels.Packing;

/// <summary>One row to be packed, where it lies in memory.</summary>
/// <param name="Address">Its first element; 0 stands for zeros.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Scale">Its first scale, 0 where it has none.</param>
/// <param name="ScaleType">Element type of the scales.</param>
internal readonly record struct LaneRow(nint Address, ElementType Type, nint Scale, ElementType ScaleType);
