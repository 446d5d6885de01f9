namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// A counter-based generator: random numbers are a pure function of seed and position, so a recomputed sequence draws the same tokens. The
/// mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014). Not for cryptography.
/// </summary>
public static class CounterRandom
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>
    /// Derives the seed of one of a request's answers: the request's own seed for the first, unrelated seeds for the others.
    /// </summary>
    public static ulong ForChoice(ulong seed, int choice) => choice == 0 ? seed : Mix(Mix(seed) ^ ((ulong)choice * Step));

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, int position)
        => (Mix(Mix(seed + Step) + ((ulong)(uint)position * Step)) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
