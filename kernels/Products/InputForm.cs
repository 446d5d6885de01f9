using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// The form in which quantised weights take activations: a row's codes, padded with zeros to whole steps, and behind them a tail of 64
/// bytes with a float32 scale and, for integers, the 32-bit sum of the codes.
/// </summary>
/// <param name="Type">Type of the weights.</param>
/// <param name="CodeBytes">Bytes of a row's codes, a multiple of 64; the tail follows.</param>
/// <param name="FixedScale">The scale of all rows; 0 gives each its own.</param>
internal readonly record struct InputForm(ElementType Type, int CodeBytes, float FixedScale)
{
    private const int Line = 64;

    /// <summary>Bytes from one row to the next; no multiple of 1024, else equal offsets of many rows fall into one cache set.</summary>
    public int Stride => (CodeBytes + Line) % 1024 == 0 ? CodeBytes + (2 * Line) : CodeBytes + Line;

    /// <summary>What a matrix takes.</summary>
    public static InputForm Of(PackedMatrix weights)
    {
        // F8E4M3 codes are kept as bfloat16, which they are exactly: two bytes for one of the weights.
        long bytes = weights.Type == ElementType.F8E4M3 ? weights.Steps * 8L : weights.Steps * 4L;
        return new InputForm(
            weights.Type,
            checked((int)((bytes + Line - 1) / Line * Line)),
            weights.Type == ElementType.F8E4M3 ? weights.InputScale : 0);
    }
}
