using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>The heads of a model's attention, and how its keys and values are stored.</summary>
internal sealed record AttentionShape
{
    /// <summary>Head sizes are multiples of it.</summary>
    public const int SizeUnit = 8;

    /// <summary>The largest head size.</summary>
    public const int MaxSize = 128;

    private static readonly int[] Sizes = [16, 64, 80, MaxSize];

    /// <summary>Creates the shape.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="keyHeads">Key/value heads, a divisor of <paramref name="heads"/>.</param>
    /// <param name="headSize">Elements of a head: a multiple of 8 up to 128.</param>
    /// <param name="type">Type of keys and values: F32, BF16, I8 or F8E4M3.</param>
    public AttentionShape(int heads, int keyHeads, int headSize, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keyHeads);
        ArgumentOutOfRangeException.ThrowIfNotEqual(heads % keyHeads, 0, nameof(heads));
        (KeyHeads, GroupHeads, HeadSize, Type) = (keyHeads, heads / keyHeads, headSize, type);
        Size = Padded(headSize);
    }

    /// <summary>Key/value heads.</summary>
    public int KeyHeads { get; }

    /// <summary>Query heads for each of them.</summary>
    public int GroupHeads { get; }

    /// <summary>Query heads.</summary>
    public int Heads => KeyHeads * GroupHeads;

    /// <summary>Elements of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Type of keys and values.</summary>
    public ElementType Type { get; }

    /// <summary>Elements of a head with padding: a size that kernels are compiled for.</summary>
    public int Size { get; }

    /// <summary>Type of queries and of outputs: F32 with F32 keys and values, otherwise BF16.</summary>
    public ElementType QueryType => Type == ElementType.F32 ? ElementType.F32 : ElementType.BF16;

    /// <summary>The <see cref="KvFormat"/> of a type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Keys and values cannot have the type.</exception>
    public static int FormatOf(ElementType type) => type switch
    {
        ElementType.F32 => KvFormat.F32,
        ElementType.BF16 => KvFormat.Bf16,
        ElementType.I8 => KvFormat.I8,
        ElementType.F8E4M3 => KvFormat.E4M3,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Keys and values are F32, BF16, I8 or F8E4M3."),
    };

    /// <summary>The smallest size that kernels are compiled for and a head fits into.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No kernel can treat the head size.</exception>
    public static int Padded(int headSize)
    {
        if (headSize <= 0 || headSize % SizeUnit != 0 || headSize > MaxSize)
        {
            throw new ArgumentOutOfRangeException(nameof(headSize), headSize, $"Head sizes are multiples of {SizeUnit} up to {MaxSize}.");
        }

        return Array.Find(Sizes, size => size >= headSize);
    }
}
