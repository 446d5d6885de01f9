using System.Buffers;
using System.Text;
using HunyuanOrleans.Gguf;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Encodes text as token ids and decodes it, with byte-level byte-pair encoding. Immutable and thread-safe. It adds no tokens at the start
/// or the end, and does not know chats, end-of-text tokens or the size of a model's embedding.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenTable _tokens;
    private readonly Dictionary<string, int> _specialIds;
    private readonly bool[] _special;

    internal Tokenizer(TokenizerDefinition definition)
    {
        _tokens = definition.Tokens;
        Definition = definition;
        SpecialTokens = [.. definition.AddedTokens.Where(token => token.Special).Select(token => new SpecialToken(token.Id, token.Text))];
        _specialIds = SpecialTokens.ToDictionary(token => token.Text, token => token.Id);
        _special = new bool[_tokens.Count];
        foreach (SpecialToken token in SpecialTokens)
        {
            _special[token.Id] = true;
        }

        var byteIds = new int[256];
        for (int value = 0; value < byteIds.Length; value++)
        {
            byteIds[value] = _tokens.Find([(byte)value]);
        }

        Merger = new BytePairMerger(definition.Merges, byteIds);
        RawTextTokens = new AddedTokenMatcher([.. definition.AddedTokens.Where(token => !token.Normalized)]);
        NormalizedTextTokens = new AddedTokenMatcher([.. definition.AddedTokens.Where(token => token.Normalized)]);
        AddedTokens = new AddedTokenMatcher(definition.AddedTokens);
    }

    /// <summary>One more than the highest token id, including special tokens. The vocabulary of a model may be padded to a larger size.</summary>
    public int VocabularySize => _tokens.Count;

    /// <summary>The special tokens in ascending order of id.</summary>
    public IReadOnlyList<SpecialToken> SpecialTokens { get; }

    internal TokenizerDefinition Definition { get; }

    internal BytePairMerger Merger { get; }

    internal AddedTokenMatcher RawTextTokens { get; }

    internal AddedTokenMatcher NormalizedTextTokens { get; }

    internal AddedTokenMatcher AddedTokens { get; }

    /// <summary>Whether a model folder has a tokenizer: <c>hy.tiktoken</c>, <c>tokenizer.json</c>, or a GGUF file with a vocabulary.</summary>
    /// <param name="directory">The folder, or a GGUF file.</param>
    /// <exception cref="TextException">A GGUF file is damaged or cannot be read.</exception>
    public static bool Exists(string directory) =>
        File.Exists(Path.Combine(directory, TiktokenFile.Name)) || File.Exists(Path.Combine(directory, TokenizerJson.Name))
        || (GgufTokenizer.Find(directory) is { } header && GgufTokenizer.HasVocabulary(header));

    /// <summary>
    /// Reads the tokenizer of a model folder: <c>hy.tiktoken</c> if present, otherwise <c>tokenizer.json</c>, otherwise that of its GGUF file.
    /// </summary>
    /// <param name="directory">The folder, or a GGUF file.</param>
    /// <exception cref="TextException">Neither file exists, or the file is malformed or uses an unsupported feature.</exception>
    public static Tokenizer Load(string directory)
    {
        string tiktoken = Path.Combine(directory, TiktokenFile.Name);
        string json = Path.Combine(directory, TokenizerJson.Name);
        try
        {
            if (new[] { tiktoken, json }.FirstOrDefault(File.Exists) is { } file && GitLfsPointer.IsFile(file))
            {
                throw new TextException(GitLfsPointer.Message(file));
            }

            if (File.Exists(tiktoken))
            {
                return new Tokenizer(TiktokenFile.Read(tiktoken));
            }

            if (File.Exists(json))
            {
                return new Tokenizer(TokenizerJson.Read(json));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextException($"The tokenizer in {directory} cannot be read: {e.Message}", e);
        }

        if (GgufTokenizer.Find(directory) is { } header)
        {
            return new Tokenizer(GgufTokenizer.Read(header));
        }

        throw new TextException($"{directory} has no tokenizer: neither {TiktokenFile.Name} nor {TokenizerJson.Name} is there.");
    }

    /// <summary>Encodes a text. See <see cref="Encode(ReadOnlySpan{char}, List{int}, bool)"/>.</summary>
    public int[] Encode(ReadOnlySpan<char> text, bool parseSpecial = false)
    {
        var ids = new List<int>((text.Length / 3) + 4);
        Encode(text, ids, parseSpecial);
        return [.. ids];
    }

    /// <summary>
    /// Encodes a text and appends its ids. A lone surrogate is encoded as U+FFFD. Time is O(n log n) in the length of the text.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="destination">The list to append to.</param>
    /// <param name="parseSpecial">
    /// Whether the text of a special token is encoded as that token, as in the publisher's code, or as ordinary text. It must be false for
    /// text from users.
    /// </param>
    public void Encode(ReadOnlySpan<char> text, List<int> destination, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var operation = new EncodeOperation(this, destination);
        if (parseSpecial)
        {
            operation.EncodeWithAddedTokens(text);
        }
        else
        {
            operation.EncodeText(text);
        }
    }

    /// <summary>
    /// Encodes text that a template rendered, and appends its ids. A special token is recognised unless it overlaps one of
    /// <paramref name="userRanges"/>. So a user can neither write a special token, not even together with text of the template, nor prevent
    /// the recognition of one that the template wrote. The text between special tokens is encoded as a whole.
    /// </summary>
    /// <param name="text">The rendered text.</param>
    /// <param name="userRanges">The ranges of <paramref name="text"/> that come from users, ascending and not overlapping.</param>
    /// <param name="destination">The list to append to.</param>
    /// <exception cref="ArgumentException">The ranges are out of order or outside the text.</exception>
    public void EncodeTemplate(ReadOnlySpan<char> text, ReadOnlySpan<Range> userRanges, List<int> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        int previousEnd = 0;
        foreach (Range range in userRanges)
        {
            int start = range.Start.GetOffset(text.Length);
            int end = range.End.GetOffset(text.Length);
            if (start < previousEnd || end < start || end > text.Length)
            {
                throw new ArgumentException($"The range {range} is out of order or outside the {text.Length} chars.", nameof(userRanges));
            }

            previousEnd = end;
        }

        using var operation = new EncodeOperation(this, destination);
        operation.EncodeTemplate(text, userRanges);
    }

    /// <summary>
    /// Decodes ids to text: joins their bytes and reads them as UTF-8, with U+FFFD for invalid parts. Ids from
    /// <see cref="VocabularySize"/> on, the padding of a model's vocabulary, have no text.
    /// </summary>
    /// <param name="ids">The token ids.</param>
    /// <param name="skipSpecial">Whether special tokens are omitted.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        int size = 0;
        foreach (int id in ids)
        {
            size = checked(size + BytesOf(id, skipSpecial).Length);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(size);
        int length = 0;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> token = BytesOf(id, skipSpecial);
            token.CopyTo(bytes.AsSpan(length));
            length += token.Length;
        }

        string text = Encoding.UTF8.GetString(bytes, 0, length);
        ArrayPool<byte>.Shared.Return(bytes);
        return text;
    }

    /// <summary>
    /// The bytes of a token, possibly only part of a character; empty for unused ids and ids from <see cref="VocabularySize"/> on. The
    /// tokenizer owns the memory.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < _tokens.Count ? _tokens[id] : [];
    }

    /// <summary>Whether the id is that of a special token. Ids from <see cref="VocabularySize"/> on are not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public bool IsSpecial(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < _special.Length && _special[id];
    }

    /// <summary>The id of the special token with this text; null if there is none.</summary>
    public int? SpecialId(string text) => _specialIds.TryGetValue(text, out int id) ? id : null;

    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        ReadOnlySpan<byte> bytes = TokenBytes(id);
        return skipSpecial && IsSpecial(id) ? [] : bytes;
    }
}
