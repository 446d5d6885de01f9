using HunyuanOrleans.Kernels.Memory;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>Consecutive rows of a row-major matrix. The caller keeps their memory alive while it is read.</summary>
/// <param name="Address">Address of the first element of the first row; 0 means rows of zeros.</param>
/// <param name="Stride">Bytes from one row to the next.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Type">
/// Element type: F32, F16 or BF16; with <see cref="Scales"/> also I8, F8E4M3 or I4 (two columns to a byte, the even one in the low half). A
/// <see cref="Provider"/> can also provide U4 (as I4), U8 and F8E4M3Block.
/// </param>
public readonly record struct SourceRows(nint Address, long Stride, int Count, ElementType Type)
{
    /// <summary>
    /// The file that is mapped at <see cref="Address"/>, or null to read the rows from memory. The file must stay open while the rows are
    /// used. Rows are read from it into a small buffer, because copying from the page cache costs less than mapping its pages one by one.
    /// </summary>
    public SafeFileHandle? File { get; init; }

    /// <summary>Offset of the first row in <see cref="File"/>, in bytes.</summary>
    public long FileOffset { get; init; }

    /// <summary>Scales of quantised rows, beginning with those of the first row. Null if the rows are not quantised.</summary>
    public SourceScales? Scales { get; init; }

    /// <summary>
    /// Provides the rows if they are not stored one after the other. <see cref="Address"/> is then where the stored form begins. Null for rows in memory
    /// or in a file.
    /// </summary>
    public IRowProvider? Provider { get; init; }

    /// <summary>The provider's number of the first row.</summary>
    public int ProvidedRow { get; init; }

    /// <summary>All rows of a buffer, which must stay alive while they are read.</summary>
    public static unsafe SourceRows Of(Activation rows) => new((nint)rows.Address(0), rows.Stride, rows.Rows, rows.Type);

    /// <summary>Rows of zeros.</summary>
    public static SourceRows Zeros(int count) => new(0, 0, count, ElementType.F32);
}
