namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Which experts the tokens of a step go to, and in what order their rows are sent: rows sorted by expert, then by token, so that one
/// expert's rows are consecutive. A reused object. It does not know where the experts are.
/// </summary>
public sealed class RoutedRows
{
    private readonly int[] _counts;
    private readonly int[] _next;

    /// <summary>Reserves room.</summary>
    /// <param name="maxTokens">Most tokens of a step.</param>
    /// <param name="maxTopK">Most experts per token.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    public RoutedRows(int maxTokens, int maxTopK, int experts)
    {
        Experts = new int[maxTokens * maxTopK];
        Weights = new float[maxTokens * maxTopK];
        RowOf = new int[maxTokens * maxTopK];
        TokenOf = new int[maxTokens * maxTopK];
        _counts = new int[experts];
        _next = new int[experts];
    }

    /// <summary>Tokens of the step.</summary>
    public int Tokens { get; private set; }

    /// <summary>Experts per token.</summary>
    public int TopK { get; private set; }

    /// <summary>Rows sent, tokens * top-k.</summary>
    public int Rows => Tokens * TopK;

    /// <summary>Rows each expert receives.</summary>
    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>[tokens, top-k]: expert numbers, ascending for each token.</summary>
    internal int[] Experts { get; }

    /// <summary>[tokens, top-k]: what the expert's output is multiplied by.</summary>
    internal float[] Weights { get; }

    /// <summary>[tokens, top-k]: the sent row that holds this token for this expert.</summary>
    internal int[] RowOf { get; }

    /// <summary>[rows]: the token whose row is sent at this place.</summary>
    internal int[] TokenOf { get; }

    /// <summary>A token's experts, ascending.</summary>
    public ReadOnlySpan<int> ExpertsOf(int token) => Experts.AsSpan(token * TopK, TopK);

    /// <summary>The factors of a token's experts, in the same order.</summary>
    public ReadOnlySpan<float> WeightsOf(int token) => Weights.AsSpan(token * TopK, TopK);

    /// <summary>Takes the shape of a step's layer; with no expert per token that is the whole choice, else <see cref="Order"/> ends it.</summary>
    internal void Begin(int tokens, int topK)
    {
        Tokens = tokens;
        TopK = topK;
        if (topK == 0)
        {
            Array.Clear(_counts);
        }
    }

    /// <summary>Orders the rows once every token has its experts.</summary>
    internal void Order()
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
