using System.Runtime.InteropServices;
using System.Text;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Generates normally distributed bfloat16 values with a counter-based generator. Element i of a tensor depends only on (seed, name, i),
/// so any thread can fill any part. Sixteen random bits select a quantile from a table, which is finer than the precision of bfloat16.
/// </summary>
internal sealed class RandomWeights(ulong seed)
{
    private const int Levels = 1 << 16;
    private const int PerDraw = sizeof(ulong) / sizeof(ushort);

    private static readonly float[] Quantiles = BuildQuantiles();

    /// <summary>The bfloat16 values from which a tensor of this mean and standard deviation is drawn.</summary>
    public static ushort[] Table(float mean, float deviation)
    {
        var table = new ushort[Levels];
        for (int i = 0; i < Levels; i++)
        {
            table[i] = ToBFloat16(mean + (deviation * Quantiles[i]));
        }

        return table;
    }

    /// <summary>Fills a range of a tensor that begins at element <paramref name="first"/>, a multiple of 4.</summary>
    public void Fill(string tensor, long first, ReadOnlySpan<ushort> table, Span<ushort> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(first % PerDraw, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(table.Length, Levels);
        ulong key = Key(tensor);
        ulong counter = (ulong)(first / PerDraw);
        Span<ulong> draws = MemoryMarshal.Cast<ushort, ulong>(destination);
        for (int i = 0; i < draws.Length; i++)
        {
            ulong bits = Mix(key, counter++);
            draws[i] = table[(ushort)bits] | ((ulong)table[(ushort)(bits >> 16)] << 16) |
                ((ulong)table[(ushort)(bits >> 32)] << 32) | ((ulong)table[(ushort)(bits >> 48)] << 48);
        }

        ulong last = Mix(key, counter);
        for (int i = draws.Length * PerDraw; i < destination.Length; i++, last >>= 16)
        {
            destination[i] = table[(ushort)last];
        }
    }

    // SplitMix64 (Steele, Lea, Flood 2014): a bijective mix of a Weyl sequence.
    private static ulong Mix(ulong key, ulong counter)
    {
        ulong z = key + ((counter + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    // FNV-1a of the name, mixed with the seed. string.GetHashCode is unsuitable because it is different in every process.
    private ulong Key(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return Mix(hash, seed);
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static float[] BuildQuantiles()
    {
        // Inverts the normal distribution function by integrating the density once in fine steps. The table is symmetric.
        var quantiles = new float[Levels];
        const double step = 1e-4;
        double mass = 0.5;
        double x = 0;
        for (int i = Levels / 2; i < Levels; i++)
        {
            double target = (i + 0.5) / Levels;
            while (mass < target)
            {
                mass += step * Density(x + (step / 2));
                x += step;
            }

            // x is too large by less than a step, so a linear correction is accurate enough.
            quantiles[i] = (float)(x - ((mass - target) / Density(x)));
            quantiles[Levels - 1 - i] = -quantiles[i];
        }

        return quantiles;
    }

    private static double Density(double x) => Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
}
