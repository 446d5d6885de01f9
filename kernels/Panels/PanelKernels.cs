using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// Finds the panel kernel for a tile shape: generated where the instruction set is <see cref="InstructionSet.Avx512Bf16"/> and the
/// elements are bfloat16, portable otherwise. One instance per instruction set serves a process; code is made once per shape and kept.
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

    private readonly ConcurrentDictionary<(int Tokens, int Panels, int Stride, bool Prefetch), nint> _generated = new();
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

    /// <summary>Kernels for all token counts of one tile shape.</summary>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="panels">1 to <see cref="BlockPanels"/>.</param>
    /// <param name="weightStride">Bytes between steps.</param>
    /// <param name="prefetch">Whether the weights stream from memory once.</param>
    internal PanelTable Table(ElementType type, int panels, int weightStride, bool prefetch)
    {
        nint[] kernels = new nint[MaxTileTokens + 1];
        int largest = 0;
        for (int tokens = 1; tokens <= MaxTileTokens; tokens++)
        {
            if (type == ElementType.BF16 && Isa == InstructionSet.Avx512Bf16)
            {
                if (!Bf16PanelCode.Fits(tokens, panels))
                {
                    break;
                }

                kernels[tokens] = Generated(tokens, panels, weightStride, prefetch);
            }
            else
            {
                kernels[tokens] = (nint)PortablePanel.Select(type, Isa);
            }

            largest = tokens;
        }

        return new PanelTable(kernels, largest, panels, weightStride);
    }

    private nint Generated(int tokens, int panels, int stride, bool prefetch) =>
        _generated.GetOrAdd((tokens, panels, stride, prefetch), static (shape, self) =>
        {
            ExecutableMemory code = new(Bf16PanelCode.Assemble(shape.Tokens, shape.Panels, shape.Stride, shape.Prefetch));
            lock (self._lock)
            {
                self._code.Add(code);
            }

            return code.Address;
        }, this);
}

/// <summary>The kernels of one tile shape, by token count.</summary>
internal sealed unsafe class PanelTable(nint[] kernels, int maxTokens, int panels, int weightStride)
{
    /// <summary>Most tokens one call takes.</summary>
    public int MaxTokens { get; } = maxTokens;

    public int Panels { get; } = panels;

    public int WeightStride { get; } = weightStride;

    /// <summary>Calls the kernel for <c>args.Tokens</c> tokens; fills in the shape.</summary>
    public void Call(PanelArgs* args)
    {
        args->Panels = Panels;
        args->WStride = WeightStride;
        ((delegate* unmanaged<PanelArgs*, void>)kernels[args->Tokens])(args);
    }

    /// <summary>Tokens of the next tile so that <paramref name="remaining"/> tokens fall into tiles of nearly equal size.</summary>
    public int Balanced(int remaining, int limit)
    {
        int tiles = (remaining + limit - 1) / limit;
        return (remaining + tiles - 1) / tiles;
    }
}
