using System.Buffers;
using System.Text;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>
/// Converts the token ids of one answer to text incrementally. It returns complete characters only, and withholds stop strings and text that
/// may become one. Invalid UTF-8 becomes U+FFFD. The pieces concatenated are the text of the whole answer. Not thread-safe.
/// </summary>
public sealed class TextStream
{
    private readonly ITokenText _text;
    private readonly StopStringMatcher? _stops;
    private readonly bool _includeStop;
    private int _unstopped;
    private readonly Decoder _decoder = new UTF8Encoding(false).GetDecoder();
    private readonly ArrayBufferWriter<byte> _pending = new(256);

    /// <summary>Creates the stream of one answer.</summary>
    /// <param name="text">The bytes of the tokens.</param>
    /// <param name="stops">The stop strings; null for none.</param>
    /// <param name="includeStop">Whether the text includes the stop string, or the text of the stop id, that ends it.</param>
    /// <param name="unstopped">Number of tokens at the beginning that do not belong to a stop string, whatever their text.</param>
    public TextStream(ITokenText text, StopStringSet? stops = null, bool includeStop = false, int unstopped = 0)
    {
        _unstopped = unstopped;
        _text = text;
        _stops = stops is { Count: > 0 } ? new StopStringMatcher(stops) : null;
        _includeStop = includeStop;
    }

    /// <summary>Whether the text includes the stop string, or the text of the stop id, that ends it.</summary>
    public bool IncludesStop => _includeStop;

    /// <summary>The stop string that ended the text; null if none did.</summary>
    public string? StopString => _stops?.Found;

    /// <summary>Appends token ids. Ids after a stop string are ignored.</summary>
    /// <returns>The text that is ready, possibly empty.</returns>
    public string Append(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if (StopString is not null)
            {
                break;
            }

            ReadOnlySpan<byte> bytes = _text.TokenBytes(id);
            if (_unstopped > 0)
            {
                _unstopped--;
                _pending.Write(bytes);
                continue;
            }

            _pending.Write(bytes[..(_stops?.Process(bytes) ?? bytes.Length)]);
        }

        return Release(WithheldBytes, flush: false);
    }

    /// <summary>Ends the text and returns what was withheld.</summary>
    public string Finish() => Release(StopString is null ? 0 : WithheldBytes, flush: true);

    /// <summary>The number of trailing bytes that must not be returned yet, or at all.</summary>
    private int WithheldBytes => _stops switch
    {
        null => 0,
        { Found: null } => _stops.Pending,
        _ => _includeStop ? 0 : _stops.FoundLength,
    };

    private string Release(int withheld, bool flush)
    {
        ReadOnlySpan<byte> pending = _pending.WrittenSpan;
        ReadOnlySpan<byte> ready = pending[..Math.Max(0, pending.Length - withheld)];
        char[] chars = new char[_decoder.GetCharCount(ready, flush)];
        _decoder.GetChars(ready, chars, flush);
        Keep(pending[ready.Length..]);
        return new string(chars);
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        // The copy is small: the rest is never longer than a stop string.
        byte[] copy = rest.ToArray();
        _pending.ResetWrittenCount();
        _pending.Write(copy);
    }
}
