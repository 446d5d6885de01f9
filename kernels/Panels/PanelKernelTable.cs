using HunyuanOrleans.Kernels.CodeGeneration;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>The kernels of a tile shape, by token count. Each one is looked up at its first use. Thread-safe.</summary>
internal sealed unsafe class PanelKernelTable(PanelKernels kernels, ElementType type, int panels, int weightStride, ReadAhead ahead, bool pieces)
{
    private readonly bool _isOnePass = kernels.Code.IsOnePass(type);
    private readonly nint[] _byTokens = new nint[PanelKernels.MaxTileTokens + 1];

    /// <summary>Most tokens that one call can take.</summary>
    public int MaxTokens { get; } = kernels.Code.MaxTokens(type, panels);

    /// <summary>Tokens in a tile if there are more than <see cref="MaxTokens"/>.</summary>
    public int TileTokens { get; } = kernels.Code.TileTokens(type, panels);

    /// <summary>Most steps that all tiles multiply before the next ones.</summary>
    public int ChunkSteps { get; } = kernels.Code.ChunkSteps(type);

    /// <summary>Whether a call for so many tokens reads its weights in one stream. If not, they should be in cache.</summary>
    public bool IsOnePass(int tokens) => tokens == 1 || _isOnePass;

    public int Panels { get; } = panels;

    public int WeightStride { get; } = weightStride;

    /// <summary>Sets the panels and the weight stride in the arguments and calls the kernel for <c>args.Tokens</c> tokens.</summary>
    public void Call(PanelArgs* args)
    {
        args->Panels = Panels;
        args->WStride = WeightStride;
        nint kernel = _byTokens[args->Tokens];
        if (kernel == 0)
        {
            kernel = Prepare(args->Tokens);
        }

        ((delegate* unmanaged<PanelArgs*, void>)kernel)(args);
    }

    /// <summary>Looks up the kernel for a number of tokens, so that <see cref="Call"/> need not generate it, and returns its address.</summary>
    public nint Prepare(int tokens)
    {
        PanelShape shape = new(type, tokens, Panels, WeightStride, ahead, pieces);
        return _byTokens[tokens] = kernels.GetKernel(in shape);
    }
}
