using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// The layout of quantised activation rows for a matrix of quantised weights. A row has its codes, padded with zeros to whole steps; then 64
/// bytes with a float32 scale and, for I8, the 32-bit sum of the codes; then, for I4, the initial sum of each group.
/// </summary>
/// <param name="Type">The type of the weights.</param>
/// <param name="CodeBytes">Bytes of a row's codes, a multiple of 64. The scale follows.</param>
/// <param name="FixedScale">The scale of all rows, or 0 if each row has its own.</param>
internal readonly record struct ActivationFormat(ElementType Type, int CodeBytes, float FixedScale)
{
    private const int Line = 64;

    /// <summary>
    /// Offset in a row of the initial sums of I4 groups: 32-bit integers, -8 times the sum of the group's codes. They correct for the weights' offset of 8.
    /// </summary>
    public int InitialSumOffset => CodeBytes + Line;

    /// <summary>
    /// Bytes from one row to the next. It is not a multiple of 1024, because equal offsets of many rows would then fall into the same cache set.
    /// </summary>
    public int Stride => End % 1024 == 0 ? End + Line : End;

    private int End => InitialSumOffset + (Type == ElementType.I4 ? Lines(CodeBytes / Int4GroupLayout.Columns * sizeof(int)) : 0);

    /// <summary>The layout that a matrix requires.</summary>
    public static ActivationFormat Of(PackedMatrix weights)
    {
        int bytes = checked(weights.Steps * StepBytes(weights.Type));
        return new ActivationFormat(weights.Type, Lines(bytes), weights.Type == ElementType.F8E4M3 ? weights.InputScale : 0);
    }

    /// <summary>Bytes of x for one step of the weights.</summary>
    public static int StepBytes(ElementType type) => type switch
    {
        // Codes are stored as bfloat16, which represents them exactly: two bytes for each byte of the weights.
        ElementType.F8E4M3 => 8,

        // A step has eight weights.
        ElementType.I4 => 8,
        _ => 4,
    };

    private static int Lines(int bytes) => checked(bytes + Line - 1) / Line * Line;
}
