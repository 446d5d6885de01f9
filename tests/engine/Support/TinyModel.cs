namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>The arithmetic of the tiny model, without its KV storage.</summary>
internal static class TinyModel
{
    public static ulong Next(ulong before, int token, int position) => Mix(Mix(before ^ (uint)token) + (ulong)position);

    public static ulong Fold(ulong hash, ulong cell) => Mix((hash * 31) + cell);

    public static void Logits(ulong hash, Span<float> logits)
    {
        for (int id = 0; id < logits.Length; id++)
        {
            // Multiples of 0.001 between -4 and 4, so that ties occur.
            logits[id] = (Mix(hash + (ulong)id) % 8000 / 1000f) - 4;
        }
    }

    /// <summary>Makes one token likely in most places, so that a text repeats itself and sometimes goes on differently.</summary>
    public static void Echo(ulong hash, int token, Span<float> logits) => logits[token] += Mix(~hash) % 8 == 0 ? 0 : 12;

    /// <summary>Computes the logits after a whole sequence, without a cache.</summary>
    /// <param name="tokens">The sequence.</param>
    /// <param name="logits">Receives the logits.</param>
    /// <param name="period">The likely token is that of so many positions before; 0 for none.</param>
    public static void LogitsAfter(ReadOnlySpan<int> tokens, Span<float> logits, int period = 0)
    {
        ulong cell = 0, hash = 0;
        for (int position = 0; position < tokens.Length; position++)
        {
            cell = Next(cell, tokens[position], position);
            hash = Fold(hash, cell);
        }

        Logits(hash, logits);
        if (period > 0 && tokens.Length >= period)
        {
            Echo(hash, tokens[^period], logits);
        }
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
