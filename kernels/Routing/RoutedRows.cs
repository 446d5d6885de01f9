using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Kernels.Routing;

/// <summary>
/// The experts chosen for the tokens of a step, and the order of the rows sent to them: sorted by expert, then by token, so that the rows
/// of one expert are consecutive. The object is reused between steps. It does not know where the experts are.
/// </summary>
public sealed class RoutedRows : IRoutedRows
{
    private readonly int[] _counts;
    private readonly int[] _next;

    /// <summary>Allocates the arrays.</summary>
    /// <param name="maxTokens">Maximum number of tokens in a step.</param>
    /// <param name="maxTopK">Maximum number of experts per token.</param>
    /// <param name="experts">Number of routed experts in a layer.</param>
    public RoutedRows(int maxTokens, int maxTopK, int experts)
    {
        Experts = new int[maxTokens * maxTopK];
        Weights = new float[maxTokens * maxTopK];
        RowOf = new int[maxTokens * maxTopK];
        TokenOf = new int[maxTokens * maxTopK];
        _counts = new int[experts];
        _next = new int[experts];
    }

    /// <inheritdoc/>
    public int FirstExpert => 0;

    /// <inheritdoc/>
    public bool AreCountsKnown => true;

    /// <summary>Number of tokens in the step.</summary>
    public int Tokens { get; private set; }

    /// <summary>Number of experts per token.</summary>
    public int TopK { get; private set; }

    /// <summary>Number of rows sent to experts: tokens * top-k.</summary>
    public int Rows => Tokens * TopK;

    /// <summary>Number of rows that each expert receives, [experts].</summary>
    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>[tokens, top-k]: expert numbers, ascending for each token.</summary>
    public int[] Experts { get; }

    /// <summary>[tokens, top-k]: the factor of the expert's output.</summary>
    public float[] Weights { get; }

    /// <summary>[tokens, top-k]: the number of the row that is sent to this expert for this token.</summary>
    public int[] RowOf { get; }

    /// <summary>[rows]: the token of each sent row.</summary>
    public int[] TokenOf { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> TokensOfRows => TokenOf.AsSpan(0, Rows);

    /// <summary>The experts of a token, ascending.</summary>
    public ReadOnlySpan<int> ExpertsOf(int token) => Experts.AsSpan(token * TopK, TopK);

    /// <summary>The routing weights of a token's experts, in the order of <see cref="ExpertsOf"/>.</summary>
    public ReadOnlySpan<float> WeightsOf(int token) => Weights.AsSpan(token * TopK, TopK);

    /// <summary>
    /// Begins a layer. If <paramref name="topK"/> is not 0, the caller then fills <see cref="Experts"/> and <see cref="Weights"/> and calls
    /// <see cref="Order"/>.
    /// </summary>
    public void Begin(int tokens, int topK)
    {
        Tokens = tokens;
        TopK = topK;
        if (topK == 0)
        {
            Array.Clear(_counts);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Orders the rows after every token has its experts.</summary>
    public void Order()
    {
        Array.Clear(_counts);
        int rows = Rows;
        for (int i = 0; i < rows; i++)
        {
            _counts[Experts[i]]++;
        }

        int start = 0;
        for (int e = 0; e < _counts.Length; e++)
        {
            _next[e] = start;
            start += _counts[e];
        }

        for (int i = 0; i < rows; i++)
        {
            int row = _next[Experts[i]]++;
            RowOf[i] = row;
            TokenOf[row] = i / TopK;
        }
    }
}
