namespace HunyuanOrleans.Model.Simulation;

/// <summary>The arithmetic of simulated devices: a row, a key and a value are 64-bit hashes of all they depend on.</summary>
internal static class SimulatedHash
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    /// <summary>A hash of two values.</summary>
    public static ulong Mix(ulong a, ulong b)
    {
        // The finalizer of SplitMix64 over an odd combination of both.
        ulong x = (a * Multiplier) ^ (b + 0xD1B54A32D192ED03);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>Extends the hash of a list by an element. The order counts.</summary>
    public static ulong Append(ulong list, ulong element) => (list ^ element) * Multiplier;

    /// <summary>A number from 0 (inclusive) to 1 (exclusive).</summary>
    public static double Fraction(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));
}
