namespace HunyuanOrleans.Bench.Checks;

/// <summary>The sizes of what is checked.</summary>
/// <param name="Outputs">Results of a product for each token.</param>
/// <param name="Columns">Columns of weights, and of rows.</param>
/// <param name="Tokens">Numbers of tokens of products.</param>
/// <param name="Rows">Rows of operations on rows.</param>
/// <param name="Context">Positions before the rows of attention.</param>
/// <param name="Heads">Query heads, key/value heads and elements of a head.</param>
internal sealed record CheckSizes(int Outputs, int Columns, int[] Tokens, int Rows, int Context, (int Heads, int KeyHeads, int HeadSize)[] Heads)
{
    /// <summary>Sizes near those of models, with which all shapes of kernels are chosen. They fit no tile exactly.</summary>
    public static CheckSizes Full { get; } = new(4630, 6424, [1, 7, 8, 9, 64, 65, 300], 300, 2100, [(80, 8, 80), (32, 8, 128), (8, 2, 16)]);

    /// <summary>Sizes that the interpreter computes in minutes.</summary>
    public static CheckSizes Small { get; } = new(70, 130, [1, 7, 8, 9, 64, 65, 300], 20, 270, [(10, 1, 80), (4, 1, 128), (8, 2, 16)]);
}
