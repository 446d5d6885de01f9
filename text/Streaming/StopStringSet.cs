using System.Text;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>
/// The stop strings of a request, prepared for matching byte by byte with the Knuth-Morris-Pratt algorithm. Immutable.
/// </summary>
public sealed class StopStringSet
{
    private readonly string[] _strings;
    private readonly byte[][] _bytes;
    private readonly int[][] _fallbacks;

    /// <summary>Prepares stop strings.</summary>
    /// <param name="strings">The stop strings, none of them empty.</param>
    public StopStringSet(IReadOnlyList<string> strings)
    {
        _strings = [.. strings];
        _bytes = Array.ConvertAll(_strings, Encoding.UTF8.GetBytes);
        _fallbacks = Array.ConvertAll(_bytes, Fallbacks);
    }

    /// <summary>The number of stop strings.</summary>
    public int Count => _strings.Length;

    /// <summary>A stop string.</summary>
    public string this[int index] => _strings[index];

    /// <summary>The length of a stop string in UTF-8 bytes.</summary>
    public int Length(int index) => _bytes[index].Length;

    /// <summary>The number of matching bytes of a stop string after one more byte of text.</summary>
    /// <param name="index">The index of the stop string.</param>
    /// <param name="matched">The number of bytes that matched before; less than its length.</param>
    /// <param name="next">The next byte of text.</param>
    internal int Advance(int index, int matched, byte next)
    {
        byte[] bytes = _bytes[index];
        while (matched > 0 && bytes[matched] != next)
        {
            matched = _fallbacks[index][matched - 1];
        }

        return bytes[matched] == next ? matched + 1 : 0;
    }

    /// <summary>For each prefix, the length of the longest proper prefix that is also its suffix.</summary>
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
