namespace HunyuanOrleans.Bench.Speed;

/// <summary>A step whose speed is measured.</summary>
/// <param name="Streams">Number of sequences.</param>
/// <param name="Tokens">Tokens of each.</param>
/// <param name="Context">Positions before them.</param>
internal sealed record SpeedCase(int Streams, int Tokens, int Context)
{
    /// <summary>Rows of the step.</summary>
    public int Rows => Streams * Tokens;

    /// <summary>Positions that attention reads in a layer, of all sequences together.</summary>
    public double PositionsRead => (double)Streams * (Context + Tokens);

    /// <summary>Pairs of a row and a position that it attends to.</summary>
    public double Scores => Streams * (((double)Tokens * Context) + (Tokens * (Tokens + 1.0) / 2));

    /// <summary>A short name.</summary>
    public string Name => Tokens == 1 ? $"decode, {Streams} streams, context {Context}" : $"prefill of {Tokens} tokens";
}
