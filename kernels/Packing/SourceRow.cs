namespace HunyuanOrleans.Kernels.Packing;

/// <summary>The place in memory of one row to be packed.</summary>
/// <param name="Address">Address of its first element; 0 means a row of zeros.</param>
/// <param name="Type">Element type of the row.</param>
/// <param name="Scale">Address of its first scale, or 0 if it has none.</param>
/// <param name="ScaleType">Element type of the scales.</param>
/// <param name="ZeroPoint">Address of its first zero point, a byte for each scale, or 0 if it has none.</param>
internal readonly record struct SourceRow(nint Address, ElementType Type, nint Scale, ElementType ScaleType, nint ZeroPoint = 0);
