namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Random numbers as a pure function of (seed, position): a replay draws the same token whatever happened in between. The mixing
/// function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.
/// </summary>
public static class CounterRandom
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>
    /// The seed of choice <paramref name="choice"/> of a request: the request's own for the first, unrelated ones for the others.
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
