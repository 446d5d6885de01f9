namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// The scales of quantised source rows: value = code * scale. An I8 or F8E4M3 row has one scale; an I4 row has consecutive scales, one for
/// every 32 columns. The caller keeps the memory alive while it is read. A mapped file is read in place.
/// </summary>
/// <param name="Address">Address of the first scale of the first row, with any alignment.</param>
/// <param name="Stride">Bytes from the scales of one row to those of the next; 0 if all rows share them.</param>
/// <param name="Type">Element type: F32, F16 or BF16.</param>
public readonly record struct SourceScales(nint Address, long Stride, ElementType Type)
{
    /// <summary>The scales from row <paramref name="rows"/> on.</summary>
    public SourceScales Skip(int rows) => this with { Address = Address + (nint)(rows * Stride) };
}
