namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// The scales of quantised source rows, in memory that the caller keeps alive while it is read (a mapped file is read in place): value =
/// code * scale. Of I8 and F8E4M3 rows each has one; of I4 rows each has one for every 32 columns, one after the other.
/// </summary>
/// <param name="Address">Scale (or first scale) of the first row; of any alignment.</param>
/// <param name="Stride">Bytes from one row's to the next one's; 0 where all rows share them.</param>
/// <param name="Type">Element type: F32, F16 or BF16.</param>
public readonly record struct SourceScales(nint Address, long Stride, ElementType Type)
{
    /// <summary>The same scales from row <paramref name="rows"/> on.</summary>
    public SourceScales Skip(int rows) => this with { Address = Address + (nint)(rows * Stride) };
}
