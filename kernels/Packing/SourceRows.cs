using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>Consecutive rows of a row-major matrix in memory that the caller keeps alive while it is read.</summary>
/// <param name="Address">First element of the first row; 0 stands for rows of zeros.</param>
/// <param name="Stride">Bytes from one row to the next.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Type">Element type: F32, F16 or BF16, or with <see cref="Scales"/> I8, F8E4M3 or I4 (two columns to a byte, the even one low).</param>
public readonly record struct SourceRows(nint Address, long Stride, int Count, ElementType Type)
{
    /// <summary>
    /// The file that is mapped at <see cref="Address"/>, open for reading as long as the rows are used. Where it is given, rows are read
    /// from it into a small buffer: copying from the page cache costs less than mapping its pages one by one. Null: read in place.
    /// </summary>
    public SafeFileHandle? File { get; init; }

    /// <summary>Where the first row begins in <see cref="File"/>.</summary>
    public long FileOffset { get; init; }

    /// <summary>Scales of quantised rows, those of the first row first; null for others.</summary>
    public SourceScales? Scales { get; init; }

    /// <summary>Rows of zeros.</summary>
    public static SourceRows Zeros(int count) => new(0, 0, count, ElementType.F32);
}
