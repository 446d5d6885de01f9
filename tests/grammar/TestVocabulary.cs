using System.Text;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>
/// A small vocabulary: every byte, pieces of text cut at any byte (even within characters), a special token and an end-of-text token.
/// </summary>
internal sealed class TestVocabulary : ITokenText
{
    public const int MaxPiece = 7;

    private static readonly string[] Structure =
    [
        "{\"", "\":", "\": ", "\",", "\", \"", "\"}", "\"}]", "},{\"", "}}", "}}}", "[[", "]]", "[]", "{}", "[{\"", "\"]", "null", "true}", "false,",
        ",\n", "\n  \"", "\n    ", ": {\n", "1}", "0.", "-1", "e+", ".5", "12", "2024-", ":30", "T1", "\\u", "\\n", "\\\"", "\\u00e9", " \"", ": [",
    ];

    private readonly byte[][] _tokens;

    private TestVocabulary(IEnumerable<byte[]> pieces)
    {
        _tokens = [.. Enumerable.Range(0, 256).Select(static value => new[] { (byte)value }), .. pieces, [], []];
        Special = _tokens.Length - 2;
        End = _tokens.Length - 1;
        Compiler = new ConstraintCompiler(this, Size, [End]);
    }

    public int Size => _tokens.Length;

    public int Special { get; }

    public int End { get; }

    public ConstraintCompiler Compiler { get; }

    /// <summary>Creates a vocabulary of single bytes.</summary>
    public static TestVocabulary Bytes() => new([]);

    /// <summary>Creates a vocabulary of single bytes, pieces of JSON and random pieces of some texts.</summary>
    public static TestVocabulary Pieces(int seed, params string[] texts)
    {
        var random = new Random(seed);
        List<byte[]> pieces = [.. Structure.Select(Encoding.UTF8.GetBytes)];
        foreach (byte[] text in texts.Append("žluťoučký 🐎 中文字 \"quoted\" \\ back/slash aaaa").Select(Encoding.UTF8.GetBytes))
        {
            for (int i = 0; i < 40; i++)
            {
                int length = Math.Min(random.Next(2, MaxPiece + 1), text.Length);
                pieces.Add(text.AsSpan(random.Next(text.Length - length + 1), length).ToArray());
            }
        }

        return new TestVocabulary(pieces);
    }

    public ReadOnlySpan<byte> TokenBytes(int id) => _tokens[id];

    public byte[] Join(IEnumerable<int> ids) => [.. ids.SelectMany(id => _tokens[id])];

    /// <summary>Tokenizes bytes in a random way.</summary>
    public int[] Tokenize(ReadOnlySpan<byte> text, Random random)
    {
        List<int> ids = [];
        List<int> candidates = [];
        while (!text.IsEmpty)
        {
            candidates.Clear();
            for (int id = 0; id < _tokens.Length; id++)
            {
                if (_tokens[id].Length > 0 && text.StartsWith(_tokens[id]))
                {
                    candidates.Add(id);
                }
            }

            int chosen = candidates[random.Next(candidates.Count)];
            ids.Add(chosen);
            text = text[_tokens[chosen].Length..];
        }

        return [.. ids];
    }
}
