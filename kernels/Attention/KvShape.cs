namespace HunyuanOrleans.Kernels.Attention;

/// <summary>The shape of a pool of keys and values.</summary>
/// <param name="Groups">Number of groups of layers that share keys and values.</param>
/// <param name="Blocks">Number of blocks of each group.</param>
/// <param name="Heads">Number of key/value heads.</param>
/// <param name="HeadSize">Elements of a head, an even number.</param>
/// <param name="Type">How elements are stored: F32, BF16, I8 or F8E4M3.</param>
/// <param name="ComputeType">The type in which 8-bit elements are multiplied, F32 or BF16. Other elements are multiplied in their own type.</param>
public readonly record struct KvShape(int Groups, int Blocks, int Heads, int HeadSize, ElementType Type, ElementType ComputeType);
