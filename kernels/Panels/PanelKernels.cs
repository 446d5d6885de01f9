using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Provides the panel kernels of an instruction set. With <see cref="InstructionSet.Avx512Bf16"/> kernels are generated if the processor has an
/// instruction for the element type; all others are portable. There is one instance per instruction set and process. Code is generated once
/// for each tile shape and kept.
/// </summary>
public sealed unsafe class PanelKernels
{
    /// <summary>Number of steps that kernels process as a group. Step counts are padded to a multiple of it.</summary>
    internal const int StepUnit = 4;

    /// <summary>Rows of one panel: the number of float32 lanes in the widest vector.</summary>
    internal const int PanelRows = 16;

    /// <summary>Panels in a full block.</summary>
    internal const int BlockPanels = 4;

    /// <summary>Rows of a full block.</summary>
    internal const int BlockRows = PanelRows * BlockPanels;

    /// <summary>Most tokens in a tile.</summary>
    internal const int MaxTileTokens = 12;

    private readonly ConcurrentDictionary<(ElementType Type, int Tokens, int Panels, int Stride, ReadAhead Ahead, bool Pieces), nint> _generated = new();
    private readonly List<ExecutableMemory> _code = [];
    private readonly Lock _lock = new();

    private static readonly ConcurrentDictionary<InstructionSet, PanelKernels> Instances = new();

    private PanelKernels(InstructionSet isa) => Isa = isa;

    /// <summary>The instructions the kernels use.</summary>
    public InstructionSet Isa { get; }

    /// <summary>The kernels for an instruction set.</summary>
    /// <param name="isa">The instruction set; null takes <see cref="InstructionSets.Choose"/>.</param>
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

    /// <summary>The kernels of a tile shape for all token counts. Each kernel is generated at its first call.</summary>
    /// <param name="type">F32, BF16, I8, F8E4M3 or I4.</param>
    /// <param name="panels">Number of panels, 1 to <see cref="BlockPanels"/>.</param>
    /// <param name="weightStride">Bytes from one step of the weights to the next.</param>
    /// <param name="ahead">What the kernel reads ahead.</param>
    /// <param name="pieces">Whether the weights lie in several pieces, <see cref="PanelArgs.Pieces"/>.</param>
    internal PanelKernelTable GetTable(ElementType type, int panels, int weightStride, ReadAhead ahead, bool pieces = false) =>
        new(this, type, panels, weightStride, ahead, pieces);

    /// <summary>Most tokens that one kernel call can take, or 0 if weights of the type must be expanded before.</summary>
    internal int MaxTokens(ElementType type, int panels)
    {
        if (!Generates(type))
        {
            return type is ElementType.F8E4M3 ? 0 : MaxTileTokens;
        }

        if (type == ElementType.I4)
        {
            return Int4PanelCodeGenerator.MaxTokens;
        }

        int tokens = MaxTileTokens;
        while (!(type == ElementType.F8E4M3 ? E4M3PanelCodeGenerator.FitsExpanding(tokens, panels) : PanelCodeGenerator.Fits(tokens, panels)))
        {
            tokens--;
        }

        return tokens;
    }

    /// <summary>Address of the kernel for a tile shape.</summary>
    internal nint GetKernel(ElementType type, int tokens, int panels, int stride, ReadAhead ahead, bool pieces = false) => !Generates(type)
        ? (nint)PortablePanelKernels.Select(type, Isa)
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
        ElementType.F8E4M3 => new E4M3PanelCodeGenerator(tokens, panels, stride, ahead, pieces).Assemble(),
        ElementType.I4 => Int4PanelCodeGenerator.Assemble(tokens, panels, ahead),
        ElementType.I8 => PanelCodeGenerator.Assemble(DotProduct.Bytes, tokens, panels, stride, ahead, pieces),
        _ => PanelCodeGenerator.Assemble(DotProduct.Bf16Pairs, tokens, panels, stride, ahead, pieces),
    };

    private bool Generates(ElementType type) => Isa == InstructionSet.Avx512Bf16 && type switch
    {
        ElementType.BF16 => true,
        ElementType.I8 or ElementType.I4 => InstructionSets.HasVnni,
        ElementType.F8E4M3 => InstructionSets.HasVbmi,
        _ => false,
    };
}
