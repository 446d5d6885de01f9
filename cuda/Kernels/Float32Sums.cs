using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A lane's sums of one row and four tokens.</summary>
internal struct Float32Sums
{
    public float A;
    public float B;
    public float C;
    public float D;

    /// <summary>Adds the products of four columns in order, each rounded once.</summary>
    public static float AddColumns(float sum, Float4 weights, Float4 token)
    {
        sum = Ptx.MultiplyAdd(weights.A, token.A, sum);
        sum = Ptx.MultiplyAdd(weights.B, token.B, sum);
        sum = Ptx.MultiplyAdd(weights.C, token.C, sum);
        return Ptx.MultiplyAdd(weights.D, token.D, sum);
    }

    /// <summary>Adds the products of four columns of four tokens.</summary>
    public Float32Sums Add<TActivations>(Float4 weights, Float32Tokens tokens, int column)
        where TActivations : struct, IProductActivations
    {
        TActivations type = default;
        return new Float32Sums
        {
            A = AddColumns(A, weights, type.Load(tokens.A, column)),
            B = AddColumns(B, weights, type.Load(tokens.B, column)),
            C = AddColumns(C, weights, type.Load(tokens.C, column)),
            D = AddColumns(D, weights, type.Load(tokens.D, column)),
        };
    }

    /// <summary>Adds the sums of all lanes.</summary>
    /// <returns>The result of token <paramref name="lane"/> % 4.</returns>
    public float Reduce(int lane)
    {
        float a = BlockSum.OfWarp(A);
        float b = BlockSum.OfWarp(B);
        float c = BlockSum.OfWarp(C);
        float d = BlockSum.OfWarp(D);
        float even = (lane & 2) == 0 ? a : c;
        float odd = (lane & 2) == 0 ? b : d;
        return (lane & 1) == 0 ? even : odd;
    }
}
