namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>bench --lora-rank</c>.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Mode">The types of the weights.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Rank">Rank of the adapters.</param>
/// <param name="Targets">The projections that the adapters change.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Gen">Tokens of each answer.</param>
/// <param name="Runs">The measurements for each batch size.</param>
internal sealed record BenchAdaptersResult(
    string Model, string Mode, int Threads, int Rank, IReadOnlyList<string> Targets, int Prompt, int Gen, BenchAdapters[] Runs);

/// <summary>The speed of decoding with and without adapters. Each speed is the best of its runs.</summary>
/// <param name="Batch">Number of answers that are decoded together, each with an adapter of its own.</param>
/// <param name="AdapterBytes">Bytes of one adapter in memory.</param>
/// <param name="TokensPerSecondWithout">Tokens of all answers per second on the bare model.</param>
/// <param name="TokensPerSecond">Tokens of all answers per second with adapters.</param>
/// <param name="Ratio"><paramref name="TokensPerSecond"/> divided by <paramref name="TokensPerSecondWithout"/>.</param>
internal sealed record BenchAdapters(int Batch, long AdapterBytes, double TokensPerSecondWithout, double TokensPerSecond, double Ratio);
