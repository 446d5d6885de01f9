namespace HunyuanOrleans.Engine.Speculation;

/// <summary>
/// Guesses how one sequence goes on. It may be wrong at any time: the model verifies every guess. It knows neither sampling nor restrictions. Only the
/// scheduler's thread calls it.
/// </summary>
public interface IDraftSource
{
    /// <summary>Guesses the next tokens.</summary>
    /// <param name="tokens">The prompt and the answer so far. Each call has the tokens of the last one at its beginning.</param>
    /// <param name="drafts">Receives the guesses, as many as are wanted.</param>
    /// <returns>Number of tokens guessed; 0 if it has no idea.</returns>
    int Propose(ReadOnlySpan<int> tokens, Span<int> drafts);
}
