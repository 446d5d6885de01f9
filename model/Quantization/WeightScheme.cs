using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>The part of a tensor that shares one stored scale.</summary>
public enum ScaleGranularity
{
    /// <summary>One scale for the whole tensor.</summary>
    Tensor,

    /// <summary>One scale for each output row.</summary>
    Row,

    /// <summary>One scale for each 32 columns of a row.</summary>
    Group,
}

/// <summary>The quantisation scheme of a stored module.</summary>
/// <param name="Type">Element type: I8, I4 or F8E4M3.</param>
/// <param name="Scales">The part of the tensor that shares one scale.</param>
/// <param name="StaticInput">Whether a scale for the input is stored; otherwise the scale is computed from the input.</param>
public sealed record WeightScheme(ElementType Type, ScaleGranularity Scales, bool StaticInput)
{
    /// <summary>Number of columns in a group, the only supported group size.</summary>
    public const int GroupColumns = 32;
}
