namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>eval --kl</c> for one format of the weights.</summary>
/// <param name="Types">The types of the weights.</param>
/// <param name="WeightBytes">Bytes of packed weights.</param>
/// <param name="Positions">Number of positions compared.</param>
/// <param name="MeanKl">Mean Kullback-Leibler divergence from the next-token distribution in float32, in nats.</param>
/// <param name="SameBest">Fraction of positions where both distributions have the same most likely token.</param>
internal sealed record DivergenceResult(string Types, long WeightBytes, int Positions, double MeanKl, double SameBest);
