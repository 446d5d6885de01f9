namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>bench --speculate</c> and <c>bench --mtp-tokens</c>.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Mode">The types of the weights.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Text">The file with the text; null if prompts are random and the model draws the answers.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Gen">Tokens of each answer.</param>
/// <param name="Runs">The measurements for each batch size.</param>
internal sealed record BenchSpeculationResult(string Model, string Mode, int Threads, string? Text, int Prompt, int Gen, BenchSpeculation[] Runs);

/// <summary>The speed of decoding with and without guessed tokens. Each speed is the best of its runs.</summary>
/// <param name="Batch">Number of answers that are decoded together.</param>
/// <param name="TokensPerSecondWithout">Tokens of all answers per second without guesses.</param>
/// <param name="TokensPerSecond">Tokens of all answers per second with guesses.</param>
/// <param name="Ratio"><paramref name="TokensPerSecond"/> divided by <paramref name="TokensPerSecondWithout"/>.</param>
/// <param name="DraftedTokens">Tokens that were guessed in the best run.</param>
/// <param name="AcceptedDraftTokens">Those that were right.</param>
/// <param name="Steps">Steps of that run.</param>
internal sealed record BenchSpeculation(
    int Batch, double TokensPerSecondWithout, double TokensPerSecond, double Ratio, long DraftedTokens, long AcceptedDraftTokens, long Steps);
