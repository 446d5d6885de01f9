using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Finds the panel kernel for a tile shape: generated where the instruction set is <see cref="InstructionSet.Avx512Bf16"/> and has an
/// instruction for the elements, portable otherwise. One instance per instruction set serves a process; code is made once per shape and kept.
/// </summary>
public sealed unsafe class PanelKernels
{
    /// <summary>Steps are processed in groups of this many, so step counts are padded to a multiple of it.</summary>
    internal const int StepUnit = 4;

    /// <summary>Rows of one panel: the float32 lanes of the widest vector.</summary>
    internal const int PanelRows = 16;

    /// <summary>Panels in a full block.</summary>
    internal const int BlockPanels = 4;

    /// <summary>Rows of a full block.</summary>
    internal const int BlockRows = PanelRows * BlockPanels;

    /// <summary>Most tokens of any tile.</summary>
    internal const int MaxTileTokens = 12;

    private readonly ConcurrentDictionary<(ElementType Type, int Tokens, int Panels, int Stride, ReadAhead Ahead, bool Pieces), nint> _generated = new();
    private readonly List<ExecutableMemory> _code = [];
    private readonly Lock _lock = new();

    private static readonly ConcurrentDictionary<InstructionSet, PanelKernels> Instances = new();

    private PanelKernels(InstructionSet isa) => Isa = isa;

    /// <summary>The instructions the kernels use.</summary>
    public InstructionSet Isa { get; }

    /// <summary>The kernels for an instruction set.</summary>
    /// <param name="isa">The set; null takes <see cref="InstructionSets.Choose"/>.</param>
    /// <exception cref="NotSupportedException">This machine cannot run the set.</exception>
    public static PanelKernels For(InstructionSet? isa = null)
    {
        InstructionSet chosen = isa ?? InstructionSets.Choose();
        if (!InstructionSets.Available.Contains(chosen))
        {
            throw new NotSupportedException($"This machine cannot run {chosen}; it can run: {string.Join(", ", InstructionSets.Available)}.");
        }

        return Instances.GetOrAdd(chosen, static set => new PanelKernels(set));
    }

    /// <summary>Kernels for all token counts of one tile shape; each is made when it is first called.</summary>
    /// <param name="type">F32, BF16, I8, F8E4M3 or I4.</param>
    /// <param name="panels">1 to <see cref="BlockPanels"/>.</param>
    /// <param name="weightStride">Bytes between steps.</param>
    /// <param name="ahead">What is read ahead.</param>
    /// <param name="pieces">Whether the weights lie in several places.</param>
    internal PanelTable Table(ElementType type, int panels, int weightStride, ReadAhead ahead, bool pieces = false) =>
        new(this, type, panels, weightStride, ahead, pieces);

    /// <summary>Most tokens one call of a tile takes; 0 where weights of the type must be expanded before.</summary>
    internal int MaxTokens(ElementType type, int panels)
    {
        if (!Generates(type))
        {
            return type is ElementType.F8E4M3 ? 0 : MaxTileTokens;
        }

        if (type == ElementType.I4)
        {
            return FourBitPanelCode.MaxTokens;
        }

        int tokens = MaxTileTokens;
        while (!(type == ElementType.F8E4M3 ? E4M3PanelCode.FitsExpanding(tokens, panels) : PanelCode.Fits(tokens, panels)))
        {
            tokens--;
        }

        return tokens;
    }

    internal nint Find(ElementType type, int tokens, int panels, int stride, ReadAhead ahead, bool pieces = false) => !Generates(type)
        ? (nint)PortablePanel.Select(type, Isa)
        : _generated.GetOrAdd((type, tokens, panels, stride, ahead, pieces), static (shape, self) =>
        {
            ExecutableMemory code = new(Assemble(shape.Type, shape.Tokens, shape.Panels, shape.Stride, shape.Ahead, shape.Pieces));
            lock (self._lock)
            {
                self._code.Add(code);
            }

            return code.Address;
        }, this);

    private static byte[] Assemble(ElementType type, int tokens, int panels, int stride, ReadAhead ahead, bool pieces) => type switch
    {
        ElementType.F8E4M3 => new E4M3PanelCode(tokens, panels, stride, ahead, pieces).Assemble(),
        ElementType.I4 => FourBitPanelCode.Assemble(tokens, panels, ahead),
        ElementType.I8 => PanelCode.Assemble(DotProduct.Bytes, tokens, panels, stride, ahead, pieces),
        _ => PanelCode.Assemble(DotProduct.Bf16Pairs, tokens, panels, stride, ahead, pieces),
    };

    private bool Generates(ElementType type) => Isa == InstructionSet.Avx512Bf16 && type switch
    {
        ElementType.BF16 => true,
        ElementType.I8 or ElementType.I4 => InstructionSets.HasByteProducts,
        ElementType.F8E4M3 => InstructionSets.HasByteLookups,
        _ => false,
    };
}
