using System.Buffers;
using System.Text;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>
/// Turns the token ids of one answer into text as they come: never half a character, nothing of a stop string, and nothing that may
/// still become one. Bytes that are not UTF-8 become U+FFFD. The pieces joined are the text of the whole answer.
/// </summary>
public sealed class TextStream
{
    private readonly ITokenText _text;
    private readonly StopMatcher? _stops;
    private readonly bool _includeStop;
    private readonly Decoder _decoder = new UTF8Encoding(false).GetDecoder();
    private readonly ArrayBufferWriter<byte> _held = new(256);

    /// <summary>A stream for one answer.</summary>
    /// <param name="text">The tokens' bytes.</param>
    /// <param name="stops">Stop strings, or null.</param>
    /// <param name="includeStop">Keeps the stop string, and the text of a stop id, at the end.</param>
    public TextStream(ITokenText text, StopPatterns? stops = null, bool includeStop = false)
    {
        _text = text;
        _stops = stops is { Count: > 0 } ? new StopMatcher(stops) : null;
        _includeStop = includeStop;
    }

    /// <summary>Whether the stop string, and the text of a stop id, is kept at the end.</summary>
    public bool IncludesStop => _includeStop;

    /// <summary>The stop string that ended the text; null where none did.</summary>
    public string? StopString => _stops?.Found;

    /// <summary>Takes token ids.</summary>
    /// <returns>Text to show, possibly empty.</returns>
    public string Append(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if (StopString is not null)
            {
                break;
            }

            ReadOnlySpan<byte> bytes = _text.TokenBytes(id);
            _held.Write(bytes[..(_stops?.Take(bytes) ?? bytes.Length)]);
        }

        return Release(Holdback, flush: false);
    }

    /// <summary>Ends the text: what was held back because more could have come.</summary>
    public string Finish() => Release(StopString is null ? 0 : Holdback, flush: true);

    /// <summary>How many of the held bytes must not be shown yet, or at all.</summary>
    private int Holdback => _stops switch
    {
        null => 0,
        { Found: null } => _stops.Pending,
        _ => _includeStop ? 0 : _stops.FoundLength,
    };

    private string Release(int holdback, bool flush)
    {
        ReadOnlySpan<byte> held = _held.WrittenSpan;
        ReadOnlySpan<byte> ready = held[..Math.Max(0, held.Length - holdback)];
        char[] chars = new char[_decoder.GetCharCount(ready, flush)];
        _decoder.GetChars(ready, chars, flush);
        Keep(held[ready.Length..]);
        return new string(chars);
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        // A stop string has at most a few kilobytes, and the rest is never longer.
        byte[] copy = rest.ToArray();
        _held.ResetWrittenCount();
        _held.Write(copy);
    }
}
