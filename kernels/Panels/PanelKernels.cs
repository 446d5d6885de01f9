using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Provides the panel kernels of an instruction set: generated ones if code can be generated here, portable ones if not. There is one instance per
/// instruction set and process. Code is generated once for each tile shape, at its first use, and kept.
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

    private readonly ConcurrentDictionary<PanelShape, nint> _generated = new();
    private readonly List<ExecutableMemory> _code = [];
    private readonly Lock _lock = new();

    private static readonly ConcurrentDictionary<(InstructionSet Isa, bool Generates), PanelKernels> Instances = new();

    private PanelKernels(InstructionSet isa, bool generates) => (Isa, Code) = (isa, new PanelCode(isa, generates));

    /// <summary>The instructions the kernels use.</summary>
    public InstructionSet Isa { get; }

    /// <summary>How the kernels are made, and what they expect.</summary>
    internal PanelCode Code { get; }

    /// <summary>The kernels for an instruction set.</summary>
    /// <param name="isa">The instruction set; null takes <see cref="InstructionSets.Choose"/>.</param>
    /// <exception cref="NotSupportedException">This machine cannot run the set.</exception>
    public static PanelKernels For(InstructionSet? isa = null) => For(isa, InstructionSets.CanGenerate);

    /// <summary>The kernels for an instruction set, with or without generated code.</summary>
    /// <param name="isa">The instruction set; null takes <see cref="InstructionSets.Choose"/>.</param>
    /// <param name="generate">Whether kernels are generated. <see cref="InstructionSet.Portable"/> never is.</param>
    internal static PanelKernels For(InstructionSet? isa, bool generate)
    {
        InstructionSet chosen = isa ?? InstructionSets.Choose();
        if (!InstructionSets.Available.Contains(chosen))
        {
            throw new NotSupportedException($"This machine cannot run {chosen}; it can run: {string.Join(", ", InstructionSets.Available)}.");
        }

        return Instances.GetOrAdd((chosen, generate && chosen != InstructionSet.Portable), static key => new PanelKernels(key.Isa, key.Generates));
    }

    /// <summary>The kernels of a tile shape for all token counts. Each kernel is generated at its first call.</summary>
    /// <param name="type">F32, BF16, I8, F8E4M3 or I4.</param>
    /// <param name="panels">Number of panels, 1 to <see cref="BlockPanels"/>.</param>
    /// <param name="weightStride">Bytes from one step of the weights to the next.</param>
    /// <param name="ahead">What the kernel reads ahead.</param>
    /// <param name="pieces">Whether the weights lie in several pieces, <see cref="PanelArgs.Pieces"/>.</param>
    internal PanelKernelTable GetTable(ElementType type, int panels, int weightStride, ReadAhead ahead, bool pieces = false) =>
        new(this, type, panels, weightStride, ahead, pieces);

    /// <summary>Whether x is float32 for weights of the type, although they are BF16 or F8E4M3.</summary>
    internal bool WidensX(ElementType type) => Code.WidensX && type is ElementType.BF16 or ElementType.F8E4M3;

    /// <summary>Address of the kernel for a tile shape.</summary>
    internal nint GetKernel(in PanelShape shape) => !Code.Generates
        ? (nint)PortablePanelKernels.Select(shape.Type, Isa)
        : _generated.GetOrAdd(shape, static (key, self) =>
        {
            ExecutableMemory code = new(self.Code.Assemble(in key));
            lock (self._lock)
            {
                self._code.Add(code);
            }

            return code.Address;
        }, this);
}
