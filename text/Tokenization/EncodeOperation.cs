using System.Buffers;
using System.Text;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Encodes one text: finds added tokens, normalises, splits and merges. It holds a rented buffer until disposed. Not thread-safe.</summary>
internal sealed class EncodeOperation(Tokenizer tokenizer, List<int> destination) : IDisposable
{
    // UTF-8 needs at most three bytes per char.
    private const int BytesPerChar = 3;

    private readonly TokenizerDefinition _definition = tokenizer.Definition;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);

    /// <summary>Encodes text without recognising added tokens.</summary>
    public void EncodeText(ReadOnlySpan<char> text) => Split(0, _definition.Normalize ? Nfc.Normalize(text) : text);

    /// <summary>Encodes text and recognises added tokens, before or after normalisation as the tokenizer's file specifies.</summary>
    public void EncodeWithAddedTokens(ReadOnlySpan<char> text)
    {
        while (tokenizer.RawTextTokens.Find(text, out int index) is { } token)
        {
            EncodeNormalized(text[..index]);
            destination.Add(token.Id);
            text = text[(index + token.Text.Length)..];
        }

        EncodeNormalized(text);
    }

    /// <summary>Encodes text and recognises added tokens outside the user's ranges, always before normalisation.</summary>
    public void EncodeTemplate(ReadOnlySpan<char> text, ReadOnlySpan<Range> userRanges)
    {
        int done = 0;
        int next = 0;
        int from = 0;
        while (tokenizer.AddedTokens.Find(text[from..], out int index) is { } token)
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

            EncodeText(text[done..start]);
            destination.Add(token.Id);
            done = from = end;
        }

        EncodeText(text[done..]);
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void EncodeNormalized(ReadOnlySpan<char> text)
    {
        text = _definition.Normalize ? Nfc.Normalize(text) : text;
        while (tokenizer.NormalizedTextTokens.Find(text, out int index) is { } token)
        {
            Split(0, text[..index]);
            destination.Add(token.Id);
            text = text[(index + token.Text.Length)..];
        }

        Split(0, text);
    }

    private void Split(int stage, ReadOnlySpan<char> text)
    {
        if (stage == _definition.PreTokenizers.Count)
        {
            MergePiece(text);
            return;
        }

        IPreTokenizer preTokenizer = _definition.PreTokenizers[stage];
        int start = 0;
        while (start < text.Length)
        {
            int end = preTokenizer.Next(text, start, out bool dropped);
            if (!dropped)
            {
                Split(stage + 1, text[start..end]);
            }

            start = end;
        }
    }

    private void MergePiece(ReadOnlySpan<char> text)
    {
        if (text.Length * (long)BytesPerChar > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(checked(text.Length * BytesPerChar));
        }

        ReadOnlySpan<byte> piece = _buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, _buffer));
        if (_definition.IgnoreMerges && piece.Length <= _definition.Tokens.LongestFindable && _definition.Tokens.Find(piece) is var id and >= 0)
        {
            destination.Add(id);
        }
        else if (!piece.IsEmpty)
        {
            tokenizer.Merger.Merge(piece, destination);
        }
    }
}
