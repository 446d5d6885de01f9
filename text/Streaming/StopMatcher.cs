namespace HunyuanOrleans.Text.Streaming;

/// <summary>
/// Follows one answer's bytes and tells when a stop string is complete, wherever token borders fall: the first byte that completes
/// one decides, and where it completes several, the longest. It does not keep the text.
/// </summary>
public sealed class StopMatcher(StopPatterns patterns)
{
    private readonly int[] _matched = new int[patterns.Count];

    /// <summary>The stop string found; null before.</summary>
    public string? Found { get; private set; }

    /// <summary>Length of the stop string found, in bytes; the text before it ends where it begins.</summary>
    public int FoundLength { get; private set; }

    /// <summary>How many of the last bytes may be the beginning of a stop string.</summary>
    public int Pending { get; private set; }

    /// <summary>Takes bytes of the answer.</summary>
    /// <returns>How many were taken: all, or up to and with the one that completed a stop string. Nothing is taken after that.</returns>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (Found is not null)
            {
                return i;
            }

            Take(bytes[i]);
        }

        return bytes.Length;
    }

    private void Take(byte next)
    {
        Pending = 0;
        for (int p = 0; p < _matched.Length; p++)
        {
            int matched = patterns.Advance(p, _matched[p], next);
            _matched[p] = matched;
            Pending = Math.Max(Pending, matched);
            if (matched == patterns.Length(p) && matched > FoundLength)
            {
                Found = patterns[p];
                FoundLength = matched;
            }
        }
    }
}
