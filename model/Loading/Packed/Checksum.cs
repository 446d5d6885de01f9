using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// A 64-bit checksum that detects accidental damage, not manipulation, and runs at the speed of memory. Every step is a bijection of the
/// running value, so a change within a single 8-byte word is always detected.
/// </summary>
internal static class Checksum
{
    // Odd, from the golden ratio and xxHash; any odd number makes the product a bijection.
    private const ulong Multiplier = 0x9E3779B185EBCA87;
    private const ulong Seed = 0xC2B2AE3D27D4EB4F;
    private const int Shift = 32;
    private const int Lanes = 4 * 8;

    /// <summary>The checksum of <paramref name="bytes"/>, the same on every machine.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        Vector512<ulong> a = Vector512.Create(Seed), b = Vector512.Create(Seed + 1), c = Vector512.Create(Seed + 2), d = Vector512.Create(Seed + 3);
        int whole = words.Length / Lanes * Lanes;
        for (int i = 0; i < whole; i += Lanes)
        {
            ReadOnlySpan<ulong> group = words.Slice(i, Lanes);
            a = Mix(a, Vector512.Create(group));
            b = Mix(b, Vector512.Create(group[8..]));
            c = Mix(c, Vector512.Create(group[16..]));
            d = Mix(d, Vector512.Create(group[24..]));
        }

        ulong hash = Mix(Seed, (ulong)bytes.Length);
        foreach (Vector512<ulong> lanes in (ReadOnlySpan<Vector512<ulong>>)[a, b, c, d])
        {
            for (int i = 0; i < 8; i++)
            {
                hash = Mix(hash, lanes[i]);
            }
        }

        foreach (byte rest in bytes[(whole * sizeof(ulong))..])
        {
            hash = Mix(hash, rest);
        }

        return hash;
    }

    // The multiplication spreads a change only to higher bits. The shift brings it back to lower bits, so that no single bit of a later
    // word can cancel it.
    private static ulong Mix(ulong hash, ulong word)
    {
        ulong product = (hash ^ word) * Multiplier;
        return product ^ (product >> Shift);
    }

    private static Vector512<ulong> Mix(Vector512<ulong> hash, Vector512<ulong> words)
    {
        Vector512<ulong> product = (hash ^ words) * Multiplier;
        return product ^ (product >>> Shift);
    }
}
