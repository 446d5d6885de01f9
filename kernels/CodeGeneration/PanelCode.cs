using System.Runtime.Intrinsics.Arm;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>The kernels that are generated for each instruction set and type of weights.</summary>
internal static class PanelCode
{
    /// <summary>Most steps of any chunk.</summary>
    public const int MaxChunkSteps = 1024;

    private const int ChunkBytesOfX = 2048;

    // A tile of 6 tokens x 4 panels keeps 24 sums in registers.
    private const int MaxTileTokens = 6;

    /// <summary>Whether kernels are generated; if not, they are portable.</summary>
    public static bool Generates(InstructionSet isa) => isa != InstructionSet.Portable && InstructionSets.CanGenerate;

    /// <summary>Whether x is float32 for weights that are BF16 or F8E4M3. Otherwise it is bfloat16 for them.</summary>
    public static bool WidensX(InstructionSet isa, ElementType type) =>
        Generates(isa) && isa != InstructionSet.Avx512Bf16 && type is ElementType.BF16 or ElementType.F8E4M3;

    /// <summary>Whether the sums of I8 weights are those of q. Otherwise they are those of q + 128, as weights are stored.</summary>
    public static bool MultipliesSigned(InstructionSet isa) => Generates(isa) ? !HasDotProduct(isa) : Dp.IsSupported;

    /// <summary>Most tokens that one kernel call can take, or 0 if weights of the type must be expanded before.</summary>
    public static int MaxTokens(InstructionSet isa, ElementType type, int panels) => KindOf(isa, type) switch
    {
        Kind.Portable => type == ElementType.F8E4M3 ? 0 : PanelKernels.MaxTileTokens,
        Kind.Expanded => 0,
        Kind.Dot => Most(tokens => PanelCodeGenerator.Fits(tokens, panels)),
        Kind.E4M3Dot => Most(tokens => E4M3PanelCodeGenerator.FitsExpanding(tokens, panels)),
        Kind.Bytes => BytePanelCodeGenerator.MaxTokens,
        Kind.Int4Dot => Int4PanelCodeGenerator.MaxTokens,
        Kind.Int4Vector => Int4VectorCodeGenerator.MaxTokens,
        _ => VectorPanelCodeGenerator.MaxTokens,
    };

    /// <summary>Tokens in a tile if there are more than one call can take.</summary>
    public static int TileTokens(InstructionSet isa, ElementType type, int panels) =>
        Math.Min(KindOf(isa, type) == Kind.Bytes ? BytePanelCodeGenerator.MaxTokens : MaxTileTokens, MaxTokens(isa, type, panels));

    /// <summary>
    /// Most steps that all tiles multiply before the next ones. The weights stay in the second-level cache, and x of a tile in the first-level
    /// cache if its bytes are read once for each pass of a tile.
    /// </summary>
    public static int ChunkSteps(InstructionSet isa, ElementType type) => KindOf(isa, type) switch
    {
        Kind.Vector => ChunkBytesOfX / VectorPanelCodeGenerator.XBytes(type),
        Kind.Bytes => ChunkBytesOfX / 4,
        Kind.Int4Vector => ChunkBytesOfX / 8,
        _ => MaxChunkSteps,
    };

    /// <summary>Whether a call reads its weights in one stream. If not, they should be in cache.</summary>
    public static bool IsOnePass(InstructionSet isa, ElementType type, int tokens) => tokens == 1 || KindOf(isa, type) switch
    {
        Kind.Bytes or Kind.Int4Vector => false,
        Kind.Vector => isa >= InstructionSet.Avx512,
        _ => true,
    };

    /// <summary>Assembles a kernel.</summary>
    public static byte[] Assemble(InstructionSet isa, in PanelShape shape) => KindOf(isa, shape.Type) switch
    {
        Kind.Dot => PanelCodeGenerator.Assemble(shape.Type == ElementType.I8 ? DotProduct.Bytes : DotProduct.Bf16Pairs, in shape),
        Kind.E4M3Dot => new E4M3PanelCodeGenerator(in shape).Assemble(),
        Kind.Bytes => new BytePanelCodeGenerator(in shape).Assemble(),
        Kind.Int4Dot => Int4PanelCodeGenerator.Assemble(shape.Tokens, shape.Panels, shape.Ahead),
        Kind.Int4Vector => new Int4VectorCodeGenerator(HasDotProduct(isa), in shape).Assemble(),
        _ => new VectorPanelCodeGenerator(isa >= InstructionSet.Avx512, in shape).Assemble(),
    };

    private enum Kind
    {
        Portable,
        Expanded,
        Vector,
        Bytes,
        Int4Vector,
        Dot,
        E4M3Dot,
        Int4Dot,
    }

    private static Kind KindOf(InstructionSet isa, ElementType type)
    {
        if (!Generates(isa))
        {
            return Kind.Portable;
        }

        bool wideDot = isa >= InstructionSet.Avx512 && HasDotProduct(isa);
        return type switch
        {
            ElementType.I4 => wideDot ? Kind.Int4Dot : Kind.Int4Vector,
            ElementType.I8 => wideDot ? Kind.Dot : HasDotProduct(isa) ? Kind.Vector : Kind.Bytes,
            ElementType.BF16 when isa == InstructionSet.Avx512Bf16 => Kind.Dot,
            ElementType.F8E4M3 when isa == InstructionSet.Avx512Bf16 => InstructionSets.HasVbmi ? Kind.E4M3Dot : Kind.Expanded,
            _ => Kind.Vector,
        };
    }

    /// <summary>Whether a set has vpdpbusd.</summary>
    public static bool HasDotProduct(InstructionSet isa) => isa switch
    {
        InstructionSet.AvxVnni or InstructionSet.Avx512Vnni => true,
        InstructionSet.Avx512Bf16 => InstructionSets.HasVnni,
        _ => false,
    };

    private static int Most(Predicate<int> fits)
    {
        int tokens = PanelKernels.MaxTileTokens;
        while (!fits(tokens))
        {
            tokens--;
        }

        return tokens;
    }
}
