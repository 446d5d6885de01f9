using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// The form in which quantised weights take activations: a row's codes, padded with zeros to whole steps, and behind them a tail of 64
/// bytes with a float32 scale and, for I8, the 32-bit sum of the codes; then, for I4, what the sum of each group starts from.
/// </summary>
/// <param name="Type">Type of the weights.</param>
/// <param name="CodeBytes">Bytes of a row's codes, a multiple of 64; the tail follows.</param>
/// <param name="FixedScale">The scale of all rows; 0 gives each its own.</param>
internal readonly record struct InputForm(ElementType Type, int CodeBytes, float FixedScale)
{
    private const int Line = 64;

    /// <summary>Where the starts of I4 groups lie in a row: 32-bit integers, -8 times the sum of the group's codes.</summary>
    public int StartOffset => CodeBytes + Line;

    /// <summary>Bytes from one row to the next; no multiple of 1024, else equal offsets of many rows fall into one cache set.</summary>
    public int Stride => End % 1024 == 0 ? End + Line : End;

    private int End => StartOffset + (Type == ElementType.I4 ? Lines(CodeBytes / FourBitGroups.Columns * sizeof(int)) : 0);

    /// <summary>What a matrix takes.</summary>
    public static InputForm Of(PackedMatrix weights)
    {
        int bytes = checked(weights.Steps * StepBytes(weights.Type));
        return new InputForm(weights.Type, Lines(bytes), weights.Type == ElementType.F8E4M3 ? weights.InputScale : 0);
    }

    /// <summary>Bytes of x that a step of the weights takes.</summary>
    public static int StepBytes(ElementType type) => type switch
    {
        // Codes are kept as bfloat16, which they are exactly: two bytes for one of the weights.
        ElementType.F8E4M3 => 8,

        // A step is eight weights.
        ElementType.I4 => 8,
        _ => 4,
    };

    private static int Lines(int bytes) => checked(bytes + Line - 1) / Line * Line;
}
