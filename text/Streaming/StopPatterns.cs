using System.Text;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>
/// The stop strings of a request, prepared for matching byte by byte (Knuth-Morris-Pratt). Immutable; shared by its answers.
/// </summary>
public sealed class StopPatterns
{
    private readonly string[] _strings;
    private readonly byte[][] _bytes;
    private readonly int[][] _fallbacks;

    /// <summary>Prepares the strings, each not empty.</summary>
    public StopPatterns(IReadOnlyList<string> strings)
    {
        _strings = [.. strings];
        _bytes = Array.ConvertAll(_strings, Encoding.UTF8.GetBytes);
        _fallbacks = Array.ConvertAll(_bytes, Fallbacks);
    }

    /// <summary>Number of strings.</summary>
    public int Count => _strings.Length;

    /// <summary>A string as it was given.</summary>
    public string this[int pattern] => _strings[pattern];

    /// <summary>Length of a string in bytes.</summary>
    public int Length(int pattern) => _bytes[pattern].Length;

    /// <summary>How many bytes of a string match after one more byte of text.</summary>
    /// <param name="pattern">The string.</param>
    /// <param name="matched">How many matched before; less than its length.</param>
    /// <param name="next">The byte.</param>
    internal int Advance(int pattern, int matched, byte next)
    {
        byte[] bytes = _bytes[pattern];
        while (matched > 0 && bytes[matched] != next)
        {
            matched = _fallbacks[pattern][matched - 1];
        }

        return bytes[matched] == next ? matched + 1 : 0;
    }

    /// <summary>For each prefix, the length of its longest proper prefix that is also its end.</summary>
    private static int[] Fallbacks(byte[] bytes)
    {
        int[] fallbacks = new int[bytes.Length];
        for (int i = 1, matched = 0; i < bytes.Length; i++)
        {
            while (matched > 0 && bytes[matched] != bytes[i])
            {
                matched = fallbacks[matched - 1];
            }

            matched += bytes[matched] == bytes[i] ? 1 : 0;
            fallbacks[i] = matched;
        }

        return fallbacks;
    }
}
