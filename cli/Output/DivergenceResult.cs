namespace HunyuanOrleans.Cli.Output;

/// <summary>What eval --kl prints for each form of a model.</summary>
/// <param name="Types">The form.</param>
/// <param name="WeightBytes">Bytes of packed weights.</param>
/// <param name="Positions">Positions compared.</param>
/// <param name="MeanKl">Mean KL from float32's next-token distribution, in nats.</param>
/// <param name="SameBest">Share of positions with the same most likely token.</param>
internal sealed record DivergenceResult(string Types, long WeightBytes, int Positions, double MeanKl, double SameBest);
