namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Addresses of the activations of four tokens.</summary>
internal struct Float32Tokens
{
    public ulong A;
    public ulong B;
    public ulong C;
    public ulong D;

    /// <summary>The addresses from a token on.</summary>
    public static Float32Tokens From(ProductArguments arguments, ProductGroup group, int token) => new()
    {
        A = group.TokenAddress(arguments, token),
        B = group.TokenAddress(arguments, token + 1),
        C = group.TokenAddress(arguments, token + 2),
        D = group.TokenAddress(arguments, token + 3),
    };
}
