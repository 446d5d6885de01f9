namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// The quantisation of a model's matrices in memory. In every format, norms, biases and the embedding keep their stored type and routers
/// are float32. <see cref="QuantPolicy"/> gives the type of the other matrices.
/// </summary>
public enum QuantFormat
{
    /// <summary>No matrix is quantised.</summary>
    None,

    /// <summary>MLPs (routed experts, shared experts and plain) as 8-bit integers with a scale for each output row.</summary>
    Int8,

    /// <summary>MLPs, the projections of attention and lm_head as 8-bit integers with a scale for each output row.</summary>
    Int8All,

    /// <summary>MLPs as 4-bit integers with a scale for each 32 columns; attention and lm_head as 8-bit integers.</summary>
    Int4,

    /// <summary>MLPs and attention as 4-bit integers; lm_head as 8-bit integers.</summary>
    Int4All,

    /// <summary>MLPs and attention as 8-bit floats; lm_head is not quantised.</summary>
    Fp8,
}

/// <summary>The names of <see cref="QuantFormat"/> on command lines and in messages.</summary>
public static class QuantFormats
{
    private static readonly string[] FormatNames = ["none", "int8", "int8-all", "int4", "int4-all", "fp8"];

    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names => FormatNames;

    /// <summary>The name of a format.</summary>
    public static string Name(this QuantFormat format) => FormatNames[(int)format];

    /// <summary>The format with a name.</summary>
    /// <exception cref="ModelException">The name is unknown; the message lists all names.</exception>
    public static QuantFormat Parse(string name)
    {
        int at = Array.IndexOf(FormatNames, name);
        return at >= 0
            ? (QuantFormat)at
            : throw new ModelException($"Quantisation \"{name}\" is unknown; allowed: {string.Join(", ", FormatNames)}.");
    }
}
