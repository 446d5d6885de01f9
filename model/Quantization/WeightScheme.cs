using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>For how many weights a stored scale counts.</summary>
public enum ScaleGranularity
{
    /// <summary>One for the whole tensor.</summary>
    Tensor,

    /// <summary>One for each output row.</summary>
    Row,

    /// <summary>One for each 32 columns of a row.</summary>
    Group,
}

/// <summary>How a quantised module is stored.</summary>
/// <param name="Type">I8, I4 or F8E4M3.</param>
/// <param name="Scales">What its scales span.</param>
/// <param name="StaticInput">Whether a scale of its input is stored beside it; else the input's scale follows the input.</param>
public sealed record WeightScheme(ElementType Type, ScaleGranularity Scales, bool StaticInput)
{
    /// <summary>Columns that share a scale where it spans a group; the only size there is.</summary>
    public const int GroupColumns = 32;
}
