using System.Buffers;
using System.Text;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>One call of encoding: finds added tokens, normalises, splits and merges. Used by one thread; holds a rented buffer.</summary>
internal sealed class EncodeRun(Tokenizer tokenizer, List<int> destination) : IDisposable
{
    // UTF-8 takes at most three bytes for a char.
    private const int BytesPerChar = 3;

    private readonly TokenizerParts parts = tokenizer.Parts;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1024);

    /// <summary>Encodes text in which nothing is special.</summary>
    public void Ordinary(ReadOnlySpan<char> text) => Split(0, parts.Normalize ? Nfc.Normalize(text) : text);

    /// <summary>Encodes text in which added tokens are recognised, before or after normalisation as the tokenizer file says.</summary>
    public void WithSpecials(ReadOnlySpan<char> text)
    {
        while (tokenizer.AsGiven.Find(text, out int index) is { } token)
        {
            Normalized(text[..index]);
            destination.Add(token.Id);
            text = text[(index + token.Text.Length)..];
        }

        Normalized(text);
    }

    /// <summary>Encodes text in which added tokens are recognised outside the user's ranges, always before normalisation.</summary>
    public void Template(ReadOnlySpan<char> text, ReadOnlySpan<Range> userRanges)
    {
        int done = 0;
        int next = 0;
        int from = 0;
        while (tokenizer.All.Find(text[from..], out int index) is { } token)
        {
            int start = from + index;
            int end = start + token.Text.Length;
            while (next < userRanges.Length && userRanges[next].End.GetOffset(text.Length) <= start)
            {
                next++;
            }

            if (next < userRanges.Length && userRanges[next].Start.GetOffset(text.Length) < end)
            {
                from = start + 1;
                continue;
            }

            Ordinary(text[done..start]);
            destination.Add(token.Id);
            done = from = end;
        }

        Ordinary(text[done..]);
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private void Normalized(ReadOnlySpan<char> text)
    {
        text = parts.Normalize ? Nfc.Normalize(text) : text;
        while (tokenizer.InNormalized.Find(text, out int index) is { } token)
        {
            Split(0, text[..index]);
            destination.Add(token.Id);
            text = text[(index + token.Text.Length)..];
        }

        Split(0, text);
    }

    private void Split(int stage, ReadOnlySpan<char> text)
    {
        if (stage == parts.Splitters.Count)
        {
            Piece(text);
            return;
        }

        IPieceSplitter splitter = parts.Splitters[stage];
        int start = 0;
        while (start < text.Length)
        {
            int end = splitter.Next(text, start, out bool dropped);
            if (!dropped)
            {
                Split(stage + 1, text[start..end]);
            }

            start = end;
        }
    }

    private void Piece(ReadOnlySpan<char> text)
    {
        if (text.Length * (long)BytesPerChar > buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = ArrayPool<byte>.Shared.Rent(checked(text.Length * BytesPerChar));
        }

        ReadOnlySpan<byte> piece = buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer));
        if (parts.WholePieces && piece.Length <= parts.Tokens.LongestListed && parts.Tokens.Find(piece) is var id and >= 0)
        {
            destination.Add(id);
        }
        else if (!piece.IsEmpty)
        {
            tokenizer.Merger.Merge(piece, destination);
        }
    }
}
