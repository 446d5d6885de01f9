namespace HunyuanOrleans.Kernels.Panels;

/// <summary>The kernels of one tile shape, by token count. Made on first use; safe for concurrent use.</summary>
internal sealed unsafe class PanelTable(PanelKernels kernels, ElementType type, int panels, int weightStride, ReadAhead ahead, bool pieces)
{
    private readonly nint[] _byTokens = new nint[PanelKernels.MaxTileTokens + 1];

    /// <summary>Most tokens one call takes.</summary>
    public int MaxTokens { get; } = kernels.MaxTokens(type, panels);

    public int Panels { get; } = panels;

    public int WeightStride { get; } = weightStride;

    /// <summary>Calls the kernel for <c>args.Tokens</c> tokens; fills in the shape.</summary>
    public void Call(PanelArgs* args)
    {
        args->Panels = Panels;
        args->WStride = WeightStride;
        nint kernel = _byTokens[args->Tokens];
        if (kernel == 0)
        {
            kernel = _byTokens[args->Tokens] = kernels.Find(type, args->Tokens, Panels, WeightStride, ahead, pieces);
        }

        ((delegate* unmanaged<PanelArgs*, void>)kernel)(args);
    }
}
