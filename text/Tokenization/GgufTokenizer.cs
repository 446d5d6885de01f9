using System.Text;
using HunyuanOrleans.Gguf;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Reads the tokenizer of a GGUF file: byte-level byte-pair encoding with the pre-tokenizers of Hunyuan models.</summary>
internal static class GgufTokenizer
{
    /// <summary>The names of the pre-tokenizers: of the mixture-of-experts models, and of the dense ones.</summary>
    public const string MoePreTokenizer = "hunyuan", DensePreTokenizer = "hunyuan-dense";

    private const string Prefix = "tokenizer.ggml.";
    private const int Normal = 1, Control = 3, UserDefined = 4;

    /// <summary>The keys of special tokens, and the names that templates give them.</summary>
    public static readonly (string Key, string Name)[] NamedTokens =
        [("bos_token_id", "bos_token"), ("eos_token_id", "eos_token"), ("padding_token_id", "pad_token")];

    /// <summary>The patterns of the dense models' pre-tokenizer. Each splits the pieces of the one before.</summary>
    public static readonly string[] DensePatterns =
    [
        @"\p{N}{1,3}",
        @"[一-龥぀-ゟ゠-ヿ]+",
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ];

    /// <summary>The header of a model's GGUF file; null if the path has none.</summary>
    /// <exception cref="TextException">The file is damaged or cannot be read.</exception>
    public static GgufHeader? Find(string path)
    {
        try
        {
            return GgufFiles.Find(path) is { } file ? GgufHeader.Read(file) : null;
        }
        catch (InvalidDataException e)
        {
            throw new TextException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether a file has a vocabulary.</summary>
    public static bool HasVocabulary(GgufHeader header) => Guard(() => header.Text(Prefix + "model") is not (null or "no_vocab"));

    /// <summary>The text of a token that the metadata names, such as bos_token; null if there is none.</summary>
    public static string? TokenText(GgufHeader header, string[] tokens, string key) =>
        Guard(() => header.Integer(Prefix + key)) is { } id && id >= 0 && id < tokens.Length ? tokens[id] : null;

    /// <summary>The texts of all tokens; empty without a vocabulary.</summary>
    public static string[] Tokens(GgufHeader header) => Guard(() => header.Texts(Prefix + "tokens")) ?? [];

    /// <summary>Reads the tokenizer.</summary>
    /// <exception cref="TextException">The vocabulary is missing or malformed, or is of another kind.</exception>
    public static TokenizerDefinition Read(GgufHeader header) => Guard(() =>
    {
        Require(header, "model", header.Text(Prefix + "model"), "gpt2");
        string pre = Require(header, "pre", header.Text(Prefix + "pre"), MoePreTokenizer, DensePreTokenizer);
        string[] texts = Tokens(header);
        long[] types = header.Integers(Prefix + "token_type") ?? throw Missing(header, "token_type");
        string[] merges = header.Texts(Prefix + "merges") ?? throw Missing(header, "merges");
        if (types.Length != texts.Length)
        {
            throw new TextException($"{header.Path}: the vocabulary has {texts.Length} tokens and {types.Length} types; allowed: one type for each token.");
        }

        TokenTable table = new();
        List<AddedToken> added = [];
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < texts.Length; id++)
        {
            AddToken(header, table, added, ids, id, texts[id], types[id]);
        }

        RequireBytes(header, table);
        IReadOnlyList<IPreTokenizer> splits = pre == MoePreTokenizer
            ? [new HunyuanPreTokenizer()]
            : [.. DensePatterns.Select(static pattern => new PatternPreTokenizer(PatternParser.Parse(pattern), dropUnmatched: false))];
        bool moe = pre == MoePreTokenizer;
        return new TokenizerDefinition(table, Merges(header, merges, ids), splits, added, Normalize: moe, IgnoreMerges: moe);
    });

    private static void AddToken(GgufHeader header, TokenTable table, List<AddedToken> added, Dictionary<string, int> ids, int id, string text, long type)
    {
        switch (type)
        {
            case Control or UserDefined when text.Length > 0:
                if (!ids.TryAdd(text, id))
                {
                    throw new TextException($"{header.Path}: token {id} has the text '{text}' of token {ids[text]}; allowed: each text once.");
                }

                added.Add(new AddedToken(id, text, Special: type == Control, Normalized: type != Control));
                table.Add(Encoding.UTF8.GetBytes(text), findable: false);
                break;
            case Normal:
                if (!ByteLevelAlphabet.TryDecode(text, out byte[] bytes) || bytes.Length == 0)
                {
                    throw new TextException($"{header.Path}: token {id}, '{text}', is not written in the byte-level alphabet.");
                }

                if (!ids.TryAdd(text, id) || table.Add(bytes, findable: true) >= 0)
                {
                    throw new TextException($"{header.Path}: token {id} has the text '{text}' of another token; allowed: each text once.");
                }

                break;
            default:
                table.Add([], findable: false);
                break;
        }
    }

    private static void RequireBytes(GgufHeader header, TokenTable table)
    {
        for (int value = 0; value < 256; value++)
        {
            if (table.Find([(byte)value]) < 0)
            {
                throw new TextException($"{header.Path}: the vocabulary has no token for the single byte 0x{value:X2}; all 256 single bytes must be tokens.");
            }
        }
    }

    private static MergeTable Merges(GgufHeader header, string[] merges, Dictionary<string, int> ids)
    {
        MergeTable table = new();
        for (int rank = 0; rank < merges.Length; rank++)
        {
            string[] parts = merges[rank].Split(' ');
            if (parts.Length != 2 || !ids.TryGetValue(parts[0], out int left) || !ids.TryGetValue(parts[1], out int right)
                || !ids.TryGetValue(parts[0] + parts[1], out int merged))
            {
                throw new TextException($"{header.Path}: merge {rank}, '{merges[rank]}', is not of two tokens that together are a token.");
            }

            table.Add(left, right, rank, merged);
        }

        return table;
    }

    private static string Require(GgufHeader header, string key, string? value, params string[] allowed) => value is not null && allowed.Contains(value)
        ? value
        : throw new TextException(
            $"{header.Path}: {Prefix}{key} is {(value is null ? "missing" : $"'{value}'")}; allowed: {string.Join(", ", allowed)}.");

    private static TextException Missing(GgufHeader header, string key) =>
        new($"{header.Path}: {Prefix}{key} is missing; allowed: a vocabulary of byte pairs.");

    private static T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new TextException(e.Message, e);
        }
    }
}
