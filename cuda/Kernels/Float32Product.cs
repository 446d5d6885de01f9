using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// The product with float32 weights, without tensor cores. A warp has one row (or a pair of gate and up) and up to 8 tokens. Of each 128 columns a lane
/// takes four; the lanes' sums are added in a fixed tree.
/// </summary>
internal static class Float32Product
{
    /// <summary>Tokens of a block.</summary>
    public const int Tokens = 8;

    /// <summary>Results of a block for each token.</summary>
    public const int Rows = 4;

    private const int WarpColumns = 128;

    /// <summary>Multiplies. The grid is [4 rows or pairs of rows, 8 tokens, experts].</summary>
    public static void Run<TActivations>(ProductArguments arguments)
        where TActivations : struct, IProductActivations
    {
        ProductGroup group = ProductGroup.OfBlock(arguments);
        int firstToken = Ptx.BlockY() * Tokens;
        int lane = Ptx.Thread() & 31;
        int row = (Ptx.BlockX() * Rows) + (Ptx.Thread() >> 5);
        if (firstToken >= group.Tokens || row >= arguments.Rows)
        {
            return;
        }

        float result;
        if (ProductEpilogue.IsPaired(arguments.Epilogue))
        {
            int gate = ((row >> 3) * 16) + (row & 7);
            result = KernelMath.SwiGlu(
                MultiplyRow<TActivations>(arguments, group, firstToken, gate, lane),
                MultiplyRow<TActivations>(arguments, group, firstToken, gate + 8, lane));
        }
        else
        {
            result = MultiplyRow<TActivations>(arguments, group, firstToken, row, lane);
        }

        int token = firstToken + lane;
        if (lane < Tokens && token < group.Tokens)
        {
            ProductEpilogue.Store(arguments, arguments.Y + ((ulong)(group.First + token) * (ulong)arguments.YStride), row, result);
        }
    }

    // The result of token lane % 8. One token takes a shorter way with the same order of sums.
    private static float MultiplyRow<TActivations>(ProductArguments arguments, ProductGroup group, int firstToken, int row, int lane)
        where TActivations : struct, IProductActivations
    {
        ulong weights = group.Weights + ((ulong)row * (ulong)arguments.ColumnTiles * 4);
        if (group.Tokens - firstToken == 1)
        {
            return MultiplyOne<TActivations>(weights, group.TokenAddress(arguments, firstToken), arguments.ColumnTiles, lane);
        }

        Float32Tokens lowTokens = Float32Tokens.From(arguments, group, firstToken);
        Float32Tokens highTokens = Float32Tokens.From(arguments, group, firstToken + 4);
        Float32Sums low = default;
        Float32Sums high = default;
        int column = lane * 4;
        for (; column + WarpColumns < arguments.ColumnTiles; column += 2 * WarpColumns)
        {
            Float4 a = Load(weights, column);
            Float4 b = Load(weights, column + WarpColumns);
            low = low.Add<TActivations>(a, lowTokens, column);
            high = high.Add<TActivations>(a, highTokens, column);
            low = low.Add<TActivations>(b, lowTokens, column + WarpColumns);
            high = high.Add<TActivations>(b, highTokens, column + WarpColumns);
        }

        if (column < arguments.ColumnTiles)
        {
            Float4 last = Load(weights, column);
            low = low.Add<TActivations>(last, lowTokens, column);
            high = high.Add<TActivations>(last, highTokens, column);
        }

        float lowResult = low.Reduce(lane);
        float highResult = high.Reduce(lane);
        return (lane & 4) == 0 ? lowResult : highResult;
    }

    // Eight loads are on their way at once.
    private static float MultiplyOne<TActivations>(ulong weights, ulong token, int columns, int lane)
        where TActivations : struct, IProductActivations
    {
        TActivations type = default;
        float sum = 0f;
        int column = lane * 4;
        for (; column + (3 * WarpColumns) < columns; column += 4 * WarpColumns)
        {
            Float4 a = Load(weights, column);
            Float4 b = Load(weights, column + WarpColumns);
            Float4 c = Load(weights, column + (2 * WarpColumns));
            Float4 d = Load(weights, column + (3 * WarpColumns));
            Float4 tokenA = type.Load(token, column);
            Float4 tokenB = type.Load(token, column + WarpColumns);
            Float4 tokenC = type.Load(token, column + (2 * WarpColumns));
            Float4 tokenD = type.Load(token, column + (3 * WarpColumns));
            sum = Float32Sums.AddColumns(sum, a, tokenA);
            sum = Float32Sums.AddColumns(sum, b, tokenB);
            sum = Float32Sums.AddColumns(sum, c, tokenC);
            sum = Float32Sums.AddColumns(sum, d, tokenD);
        }

        for (; column < columns; column += WarpColumns)
        {
            sum = Float32Sums.AddColumns(sum, Load(weights, column), type.Load(token, column));
        }

        return BlockSum.OfWarp(sum);
    }

    private static Float4 Load(ulong weights, int column) => Ptx.LoadFloat4(weights + ((ulong)column * 4));
}
