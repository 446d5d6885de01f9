using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// The layout of activation rows that are prepared for a matrix: quantised for quantised weights, and in float32 for kernels that want that. A row
/// has its elements, padded with zeros to whole steps; then 64 bytes with a float32 scale and, for I8, the 32-bit sum of the codes; then, for I4,
/// the initial sum of each group. For BF16 it has elements only.
/// </summary>
/// <param name="Type">The type whose kernels multiply the weights.</param>
/// <param name="Widened">Whether elements are float32 although the weights are BF16 or F8E4M3. For F8E4M3 they are times <see cref="E4M3Expansion.XFactor"/>.</param>
/// <param name="CodeBytes">Bytes of a row's elements, a multiple of 64. The scale follows.</param>
/// <param name="FixedScale">The scale of all rows, or 0 if each row has its own.</param>
internal readonly record struct ActivationFormat(ElementType Type, bool Widened, int CodeBytes, float FixedScale)
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
        int bytes = checked(weights.Steps * StepBytes(weights));
        return new ActivationFormat(
            weights.KernelType, weights.Kernels.WidensX(weights.KernelType), Lines(bytes), weights.Type == ElementType.F8E4M3 ? weights.InputScale : 0);
    }

    /// <summary>Whether activations must be prepared for a matrix.</summary>
    public static bool IsNeeded(PackedMatrix weights) => weights.Type.IsQuantized() || weights.Kernels.WidensX(weights.Type);

    /// <summary>Bytes of x for one step of the weights.</summary>
    public static int StepBytes(PackedMatrix weights) => weights.KernelType switch
    {
        // Codes are stored as bfloat16, which represents them exactly, or as float32.
        ElementType.F8E4M3 => weights.Kernels.WidensX(weights.KernelType) ? 16 : 8,
        ElementType.BF16 => weights.Kernels.WidensX(weights.Type) ? 8 : 4,

        // A step has eight weights.
        ElementType.I4 => 8,
        _ => 4,
    };

    private static int Lines(int bytes) => checked(bytes + Line - 1) / Line * Line;
}
