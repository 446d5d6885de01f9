using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Reads <c>hy.tiktoken</c>. Each line holds a token in base64, a space and a number. The line is the rank and the id; the number is not
/// used. The ids of the special tokens follow.
/// </summary>
internal static class TiktokenFile
{
    /// <summary>The file's name in a model folder.</summary>
    public const string Name = "hy.tiktoken";

    // Every split of a token is tried to find its merges, so the time is quadratic in the length. Published files reach 128.
    private const int MaxTokenLength = 1024;

    // <|extra_0|> to <|extra_203|>.
    private const int ExtraTokens = 204;

    private static readonly string[] NamedSpecials = ["<|endoftext|>", "<|startoftext|>", "<|bos|>", "<|eos|>", "<|pad|>"];

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="TextException">A line is malformed or a duplicate, or a single byte has no token.</exception>
    public static TokenizerDefinition Read(string path)
    {
        var tokens = new TokenTable();
        ReadTokens(File.ReadAllBytes(path), path, tokens);
        RequireBytes(tokens, path);
        MergeTable merges = FindMerges(tokens);
        var added = new List<AddedToken>();
        IEnumerable<string> specials = NamedSpecials.Concat(Enumerable.Range(0, ExtraTokens)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"<|extra_{i}|>")));
        foreach (string special in specials)
        {
            added.Add(new AddedToken(tokens.Count, special, Special: true, Normalized: true));
            tokens.Add(System.Text.Encoding.UTF8.GetBytes(special), findable: false);
        }

        return new TokenizerDefinition(tokens, merges, [new HunyuanPreTokenizer()], added, Normalize: true, IgnoreMerges: true);
    }

    private static void ReadTokens(ReadOnlySpan<byte> file, string path, TokenTable tokens)
    {
        Span<byte> decoded = stackalloc byte[MaxTokenLength];
        file = file.TrimEnd("\r\n"u8);
        for (int line = 1; !file.IsEmpty; line++)
        {
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> current = (end < 0 ? file : file[..end]).TrimEnd((byte)'\r');
            file = end < 0 ? [] : file[(end + 1)..];
            int space = current.IndexOf((byte)' ');
            bool numbered = space > 0 && space + 1 < current.Length
                && !current[(space + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9');
            if (!numbered)
            {
                throw new TextException(
                    $"{path}, line {line}: expected a token in base64, one space and a number, found '{Excerpt(current)}'.");
            }

            OperationStatus status = Base64.DecodeFromUtf8(current[..space], decoded, out _, out int length);
            if (status == OperationStatus.DestinationTooSmall)
            {
                throw new TextException($"{path}, line {line}: the token is longer than the {MaxTokenLength} bytes allowed.");
            }

            if (status != OperationStatus.Done || length == 0)
            {
                throw new TextException($"{path}, line {line}: '{Excerpt(current[..space])}' is not base64 of at least one byte.");
            }

            if (tokens.Add(decoded[..length], findable: true) is var existing and >= 0)
            {
                throw new TextException(
                    $"{path}, line {line}: the token '{Excerpt(current[..space])}' is on line {existing + 1} too; each may occur once.");
            }
        }
    }

    private static void RequireBytes(TokenTable tokens, string path)
    {
        for (int value = 0; value < 256; value++)
        {
            if (tokens.Find([(byte)value]) < 0)
            {
                throw new TextException(
                    $"{path}, {tokens.Count} lines: no line holds the single byte 0x{value:X2}; all 256 single bytes must be tokens.");
            }
        }
    }

    // Two neighbours merge if their joined bytes are a token, and the rank is the line of that token. So every split of a token into two
    // tokens is a merge.
    private static MergeTable FindMerges(TokenTable tokens)
    {
        var merges = new MergeTable();
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = tokens[id];
            for (int cut = 1; cut < token.Length; cut++)
            {
                int left = tokens.Find(token[..cut]);
                int right = left < 0 ? -1 : tokens.Find(token[cut..]);
                if (right >= 0)
                {
                    merges.Add(left, right, id, id);
                }
            }
        }

        return merges;
    }

    private static string Excerpt(ReadOnlySpan<byte> line) =>
        System.Text.Encoding.UTF8.GetString(line.Length > 60 ? line[..60] : line) + (line.Length > 60 ? "…" : string.Empty);
}
