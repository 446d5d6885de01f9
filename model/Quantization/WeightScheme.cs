using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>The part of a tensor that shares one stored scale.</summary>
public enum ScaleGranularity
{
    /// <summary>One scale for the whole tensor.</summary>
    Tensor,

    /// <summary>One scale for each output row.</summary>
    Row,

    /// <summary>One scale for each group of columns of a row.</summary>
    Group,

    /// <summary>One scale for each block of rows and columns.</summary>
    Block,
}

/// <summary>The quantisation scheme of a stored module.</summary>
/// <param name="Type">Element type in memory.</param>
/// <param name="Scales">The part of the tensor that shares one scale.</param>
/// <param name="StaticInput">Whether a scale for the input is stored; otherwise the scale is computed from the input.</param>
public sealed record WeightScheme(ElementType Type, ScaleGranularity Scales, bool StaticInput)
{
    /// <summary>Columns that share a scale in memory. Stored groups are multiples of it.</summary>
    public const int GroupColumns = 32;

    /// <summary>Rows and columns of a block.</summary>
    public const int BlockSize = 128;

    /// <summary>The tensors in which the matrix is stored.</summary>
    public StoredForm Form { get; init; }

    /// <summary>Columns in a stored group; 0 for a whole row. Only for scales of groups.</summary>
    public int GroupSize { get; init; } = GroupColumns;

    /// <summary>Bits of a stored code.</summary>
    public int Bits { get; init; } = Type == ElementType.I4 ? 4 : 8;

    /// <summary>Whether zero points are stored that a reader needs. Symmetric schemes may store zero points too, which are all the same.</summary>
    public bool HasZeroPoints { get; init; }

    /// <summary>The type in memory of integers: as few bits as stored, with zero points only where they are not all the same.</summary>
    /// <param name="bits">4 or 8.</param>
    /// <param name="groupSize">Columns in a group; 0 for a whole row.</param>
    /// <param name="symmetric">Whether codes are symmetric around zero.</param>
    internal static ElementType IntegerType(int bits, int groupSize, bool symmetric) => (bits, symmetric, groupSize) switch
    {
        (4, true, _) => ElementType.I4,
        (4, false, _) => ElementType.U4,
        (_, true, 0) => ElementType.I8,
        _ => ElementType.U8,
    };
}
