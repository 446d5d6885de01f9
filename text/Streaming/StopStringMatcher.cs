namespace HunyuanOrleans.Text.Streaming;

/// <summary>
/// Detects stop strings in the bytes of one answer, independent of token borders. The match that completes first is reported, and the
/// longest of several that complete at the same byte. The text is not stored. Not thread-safe.
/// </summary>
public sealed class StopStringMatcher(StopStringSet stops)
{
    private readonly int[] _matched = new int[stops.Count];

    /// <summary>The stop string that was found; null until then.</summary>
    public string? Found { get; private set; }

    /// <summary>The length in bytes of the stop string that was found.</summary>
    public int FoundLength { get; private set; }

    /// <summary>The number of trailing bytes that may be the beginning of a stop string.</summary>
    public int Pending { get; private set; }

    /// <summary>Makes this matcher equal to another one of the same stop strings.</summary>
    public void CopyFrom(StopStringMatcher other)
    {
        other._matched.CopyTo(_matched, 0);
        (Found, FoundLength, Pending) = (other.Found, other.FoundLength, other.Pending);
    }

    /// <summary>Processes the next bytes of the answer.</summary>
    /// <returns>The number of bytes processed: all of them, or those up to the end of a stop string. After a match no bytes are processed.</returns>
    public int Process(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (Found is not null)
            {
                return i;
            }

            Process(bytes[i]);
        }

        return bytes.Length;
    }

    private void Process(byte next)
    {
        Pending = 0;
        for (int p = 0; p < _matched.Length; p++)
        {
            int matched = stops.Advance(p, _matched[p], next);
            _matched[p] = matched;
            Pending = Math.Max(Pending, matched);
            if (matched == stops.Length(p) && matched > FoundLength)
            {
                Found = stops[p];
                FoundLength = matched;
            }
        }
    }
}
