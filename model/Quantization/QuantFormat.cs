namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// In what form the matrices of a model are held. Norms, biases and the embedding stay as they are stored, routers are float32, in every
/// format; see <see cref="QuantPolicy"/> for the rest.
/// </summary>
public enum QuantFormat
{
    /// <summary>Nothing is quantised.</summary>
    None,

    /// <summary>MLPs (routed, shared and plain) in 8-bit integers with a scale for each output row.</summary>
    Int8,

    /// <summary>Likewise, and the projections of attention and lm_head too.</summary>
    Int8All,

    /// <summary>MLPs in 4-bit integers with a scale for each 32 columns; attention and lm_head in 8-bit integers.</summary>
    Int4,

    /// <summary>MLPs and attention in 4-bit integers, lm_head in 8-bit integers.</summary>
    Int4All,

    /// <summary>MLPs and attention in 8-bit floats; lm_head is not quantised.</summary>
    Fp8,
}

/// <summary>The words for <see cref="QuantFormat"/> on command lines and in messages.</summary>
public static class QuantFormats
{
    private static readonly string[] Words = ["none", "int8", "int8-all", "int4", "int4-all", "fp8"];

    /// <summary>All words, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names => Words;

    /// <summary>The word for a format.</summary>
    public static string Name(this QuantFormat format) => Words[(int)format];

    /// <summary>The format a word stands for.</summary>
    /// <exception cref="ModelException">There is none; the message lists the words.</exception>
    public static QuantFormat Parse(string word)
    {
        int at = Array.IndexOf(Words, word);
        return at >= 0 ? (QuantFormat)at : throw new ModelException($"Quantisation \"{word}\" is unknown; allowed: {string.Join(", ", Words)}.");
    }
}
