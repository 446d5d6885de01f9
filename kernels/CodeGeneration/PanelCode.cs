using System.Runtime.Intrinsics.Arm;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>The panel kernels of an instruction set: which generator makes them for each type of weights, and what they expect.</summary>
/// <param name="isa">The instruction set.</param>
/// <param name="generates">Whether kernels are generated; if not, they are portable.</param>
internal sealed class PanelCode(InstructionSet isa, bool generates)
{
    /// <summary>Most steps of any chunk.</summary>
    public const int MaxChunkSteps = 1024;

    private const int ChunkBytesOfX = 2048;

    // A tile of 6 tokens x 4 panels keeps 24 sums in registers.
    private const int MaxTileTokens = 6;

    private readonly bool _dots = HasDotProduct(isa);

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

    /// <summary>Whether kernels are generated; if not, they are portable.</summary>
    public bool Generates { get; } = generates;

    /// <summary>Whether x is float32 for BF16 and F8E4M3 weights. Otherwise it is bfloat16 for them.</summary>
    public bool WidensX { get; } = generates && isa != InstructionSet.Avx512Bf16;

    /// <summary>Whether the sums of I8 weights are those of q. Otherwise they are those of q + 128, as weights are stored.</summary>
    public bool MultipliesSigned { get; } = generates ? !HasDotProduct(isa) : Dp.IsSupported;

    /// <summary>Whether a set has vpdpbusd.</summary>
    public static bool HasDotProduct(InstructionSet isa) => isa switch
    {
        InstructionSet.AvxVnni or InstructionSet.Avx512Vnni => true,
        InstructionSet.Avx512Bf16 => InstructionSets.HasVnni,
        _ => false,
    };

    /// <summary>Most tokens that one kernel call can take, or 0 if weights of the type must be expanded before.</summary>
    public int MaxTokens(ElementType type, int panels) => KindOf(type) switch
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
    public int TileTokens(ElementType type, int panels) =>
        Math.Min(KindOf(type) == Kind.Bytes ? BytePanelCodeGenerator.MaxTokens : MaxTileTokens, MaxTokens(type, panels));

    /// <summary>
    /// Most steps that all tiles multiply before the next ones. The weights stay in the second-level cache, and x of a tile in the first-level
    /// cache if its bytes are read once for each pass of a tile.
    /// </summary>
    public int ChunkSteps(ElementType type) => KindOf(type) switch
    {
        Kind.Vector => ChunkBytesOfX / VectorPanelCodeGenerator.XBytes(type),
        Kind.Bytes => ChunkBytesOfX / BytePanelCodeGenerator.XBytes,
        Kind.Int4Vector => ChunkBytesOfX / Int4VectorCodeGenerator.XBytes,
        _ => MaxChunkSteps,
    };

    /// <summary>Whether a call for several tokens reads its weights in one stream. If not, they should be in cache. A call for one token always does.</summary>
    public bool IsOnePass(ElementType type) => KindOf(type) switch
    {
        Kind.Bytes or Kind.Int4Vector => false,
        Kind.Vector => isa >= InstructionSet.Avx512,
        _ => true,
    };

    /// <summary>Assembles a kernel.</summary>
    public byte[] Assemble(in PanelShape shape) => KindOf(shape.Type) switch
    {
        Kind.Dot => PanelCodeGenerator.Assemble(shape.Type == ElementType.I8 ? DotProduct.Bytes : DotProduct.Bf16Pairs, in shape),
        Kind.E4M3Dot => new E4M3PanelCodeGenerator(in shape).Assemble(),
        Kind.Bytes => new BytePanelCodeGenerator(in shape).Assemble(),
        Kind.Int4Dot => Int4PanelCodeGenerator.Assemble(shape.Tokens, shape.Panels, shape.Ahead),
        Kind.Int4Vector => new Int4VectorCodeGenerator(_dots, in shape).Assemble(),
        _ => new VectorPanelCodeGenerator(isa >= InstructionSet.Avx512, in shape).Assemble(),
    };

    private Kind KindOf(ElementType type)
    {
        if (!Generates)
        {
            return Kind.Portable;
        }

        bool wideDots = _dots && isa >= InstructionSet.Avx512;
        return type switch
        {
            ElementType.I4 => wideDots ? Kind.Int4Dot : Kind.Int4Vector,
            ElementType.I8 => wideDots ? Kind.Dot : _dots ? Kind.Vector : Kind.Bytes,
            ElementType.BF16 when !WidensX => Kind.Dot,
            ElementType.F8E4M3 when !WidensX => InstructionSets.HasVbmi ? Kind.E4M3Dot : Kind.Expanded,
            _ => Kind.Vector,
        };
    }

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
