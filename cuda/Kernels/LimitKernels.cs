using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Kernels that find out what a device can do at most, and that fill memory for measurements. No operation of a model uses them.</summary>
internal static class LimitKernels
{
    /// <summary>Bytes that a block of <see cref="ReadAll"/> reads at once.</summary>
    public const int ReadBytes = ReadThreads * 16 * ReadsInFlight;

    /// <summary>Products of [16, 16] and [16, 8] that a warp of <see cref="MultiplyMost"/> computes in a step.</summary>
    public const int ProductsPerStep = 8;

    /// <summary>Warps of a block of <see cref="MultiplyMost"/>.</summary>
    public const int MultiplyWarps = 4;

    private const int ReadThreads = 512;
    private const int ReadsInFlight = 4;
    private const int FillThreads = 256;

    // A sum that does not occur: the condition keeps the assembler from leaving the work out.
    private const uint Never = 0x12345678;

    /// <summary>Reads memory once, as fast as it can be read.</summary>
    /// <param name="source">Address of the memory.</param>
    /// <param name="end">The address after it. The length is a multiple of <see cref="ReadBytes"/>.</param>
    /// <param name="target">Address of 4 bytes that are not written.</param>
    [Kernel(threads: ReadThreads)]
    public static void ReadAll(ulong source, ulong end, ulong target)
    {
        const uint Apart = ReadThreads * 16;
        ulong at = source + ((ulong)Ptx.BlockX() * ReadBytes) + ((ulong)Ptx.Thread() * 16);
        ulong step = (ulong)Ptx.GridX() * ReadBytes;
        uint sum = 0;
        for (; at < end; at += step)
        {
            Uint4 a = Ptx.LoadStream(at);
            Uint4 b = Ptx.LoadStream(at + Apart);
            Uint4 c = Ptx.LoadStream(at + (2 * Apart));
            Uint4 d = Ptx.LoadStream(at + (3 * Apart));
            sum ^= a.A ^ a.B ^ a.C ^ a.D ^ b.A ^ b.B ^ b.C ^ b.D ^ c.A ^ c.B ^ c.C ^ c.D ^ d.A ^ d.B ^ d.C ^ d.D;
        }

        if (sum == Never)
        {
            Ptx.StoreUint(target, sum);
        }
    }

    /// <summary>Multiplies values in registers on the tensor cores, with eight sums that do not depend on each other and have different operands.</summary>
    /// <param name="steps">Number of steps.</param>
    /// <param name="target">Address of 4 bytes that are not written.</param>
    [Kernel(threads: MultiplyWarps * 32)]
    public static void MultiplyMost(int steps, ulong target)
    {
        uint seed = (uint)Ptx.Thread();
        Uint4 weights = new() { A = Small(seed), B = Small(seed + 1000), C = Small(seed + 2000), D = Small(seed + 3000) };
        // Chains with the same operands would have the same sums, and the assembler might compute them once.
        uint tokens0 = Small(seed + 4000), tokens1 = Small(seed + 5000), tokens2 = Small(seed + 6000), tokens3 = Small(seed + 7000);
        uint tokens4 = Small(seed + 8000), tokens5 = Small(seed + 9000), tokens6 = Small(seed + 10000), tokens7 = Small(seed + 11000);
        Float4 a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (int i = 0; i < steps; i++)
        {
            a = Ptx.Multiply(weights, tokens0, tokens1, a);
            b = Ptx.Multiply(weights, tokens1, tokens2, b);
            c = Ptx.Multiply(weights, tokens2, tokens3, c);
            d = Ptx.Multiply(weights, tokens3, tokens4, d);
            e = Ptx.Multiply(weights, tokens4, tokens5, e);
            f = Ptx.Multiply(weights, tokens5, tokens6, f);
            g = Ptx.Multiply(weights, tokens6, tokens7, g);
            h = Ptx.Multiply(weights, tokens7, tokens0, h);
        }

        uint sum = Bits(a) ^ (Bits(b) + 1) ^ (Bits(c) + 2) ^ (Bits(d) + 3) ^ (Bits(e) + 4) ^ (Bits(f) + 5) ^ (Bits(g) + 6) ^ (Bits(h) + 7);
        if (sum == Never)
        {
            Ptx.StoreUint(target, sum);
        }
    }

    /// <summary>Fills memory with random 32-bit words of which some bits are fixed.</summary>
    /// <param name="target">Address of the memory, a multiple of 16.</param>
    /// <param name="end">The address after it, a multiple of 16.</param>
    /// <param name="random">The bits of a word that are random.</param>
    /// <param name="ones">The bits of a word that are one.</param>
    /// <param name="seed">Chooses the random bits.</param>
    [Kernel(threads: FillThreads)]
    public static void Fill(ulong target, ulong end, int random, int ones, int seed)
    {
        ulong first = target + (((ulong)Ptx.BlockX() * FillThreads) + (ulong)Ptx.Thread()) * 16;
        ulong step = (ulong)Ptx.GridX() * FillThreads * 16;
        for (ulong at = first; at < end; at += step)
        {
            uint number = (uint)((at - target) >> 2) + (uint)seed;
            Uint4 words = new()
            {
                A = (Hash(number) & (uint)random) | (uint)ones,
                B = (Hash(number + 1) & (uint)random) | (uint)ones,
                C = (Hash(number + 2) & (uint)random) | (uint)ones,
                D = (Hash(number + 3) & (uint)random) | (uint)ones,
            };
            Ptx.StoreUint4(at, words);
        }
    }

    // Two bf16 values between 2^-7 and 2^-6 or between their negatives.
    private static uint Small(uint seed) => (Hash(seed) & 0x807F807F) | 0x3C003C00;

    private static uint Bits(Float4 sums) => Ptx.BitsOf(sums.A) ^ Ptx.BitsOf(sums.B) ^ Ptx.BitsOf(sums.C) ^ Ptx.BitsOf(sums.D);

    // The finaliser of MurmurHash3.
    private static uint Hash(uint number)
    {
        number = (number ^ (number >> 16)) * 0x85EBCA6B;
        number = (number ^ (number >> 13)) * 0xC2B2AE35;
        return number ^ (number >> 16);
    }
}
