using System.Buffers;
using System.Text;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Text to token ids and back, by byte-level byte-pair encoding. Immutable and thread-safe. Adds no token of its own in front or
/// behind, and knows nothing of chats, of which tokens begin or end a text, nor of the size of a model's embedding.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenTable tokens;
    private readonly Dictionary<string, int> specialIds;
    private readonly bool[] special;

    internal Tokenizer(TokenizerParts parts)
    {
        tokens = parts.Tokens;
        Parts = parts;
        SpecialTokens = [.. parts.Added.Where(token => token.Special).Select(token => new SpecialToken(token.Id, token.Text))];
        specialIds = SpecialTokens.ToDictionary(token => token.Text, token => token.Id);
        special = new bool[tokens.Count];
        foreach (SpecialToken token in SpecialTokens)
        {
            special[token.Id] = true;
        }

        var byteIds = new int[256];
        for (int value = 0; value < byteIds.Length; value++)
        {
            byteIds[value] = tokens.Find([(byte)value]);
        }

        Merger = new BytePairMerger(parts.Pairs, byteIds);
        AsGiven = new AddedTokenMatcher([.. parts.Added.Where(token => !token.Normalized)]);
        InNormalized = new AddedTokenMatcher([.. parts.Added.Where(token => token.Normalized)]);
        All = new AddedTokenMatcher(parts.Added);
    }

    /// <summary>One more than the highest token id, special tokens included. A model's own vocabulary may be padded to more.</summary>
    public int VocabularySize => tokens.Count;

    /// <summary>The special tokens, by ascending id.</summary>
    public IReadOnlyList<SpecialToken> SpecialTokens { get; }

    internal TokenizerParts Parts { get; }

    internal BytePairMerger Merger { get; }

    internal AddedTokenMatcher AsGiven { get; }

    internal AddedTokenMatcher InNormalized { get; }

    internal AddedTokenMatcher All { get; }

    /// <summary>Whether the folder has a tokenizer file: <c>hy.tiktoken</c> or <c>tokenizer.json</c>.</summary>
    public static bool Exists(string directory) =>
        File.Exists(Path.Combine(directory, TiktokenFile.Name)) || File.Exists(Path.Combine(directory, TokenizerJson.Name));

    /// <summary>Reads the tokenizer of a model folder: <c>hy.tiktoken</c> where there is one, else <c>tokenizer.json</c>.</summary>
    /// <exception cref="TextException">Neither file is there, or it is malformed or uses something unsupported.</exception>
    public static Tokenizer Load(string directory)
    {
        string tiktoken = Path.Combine(directory, TiktokenFile.Name);
        string json = Path.Combine(directory, TokenizerJson.Name);
        try
        {
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

        throw new TextException($"{directory} has no tokenizer: neither {TiktokenFile.Name} nor {TokenizerJson.Name} is there.");
    }

    /// <summary>The ids of a text. See <see cref="Encode(ReadOnlySpan{char}, List{int}, bool)"/>.</summary>
    public int[] Encode(ReadOnlySpan<char> text, bool parseSpecial = false)
    {
        var ids = new List<int>((text.Length / 3) + 4);
        Encode(text, ids, parseSpecial);
        return [.. ids];
    }

    /// <summary>
    /// Appends the ids of a text. Text that looks like a special token is ordinary text unless <paramref name="parseSpecial"/>, the
    /// published behaviour: then it is recognised anywhere. Never set it for text that users send. A lone surrogate reads as U+FFFD.
    /// Time is O(n log n) in the length of the text.
    /// </summary>
    public void Encode(ReadOnlySpan<char> text, List<int> destination, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var run = new EncodeRun(this, destination);
        if (parseSpecial)
        {
            run.WithSpecials(text);
        }
        else
        {
            run.Ordinary(text);
        }
    }

    /// <summary>
    /// Appends the ids of text made by a template from its own words and from a user's: special tokens are recognised except where they
    /// touch one of <paramref name="userRanges"/>, so that no user can write one, alone or together with the template's words, nor
    /// spoil one of the template's by what stands next to it. Apart from special tokens the text is encoded as one whole.
    /// </summary>
    /// <param name="text">The rendered text.</param>
    /// <param name="userRanges">Index ranges of <paramref name="text"/> that came from users: ascending, not overlapping.</param>
    /// <param name="destination">Where ids are appended.</param>
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

        using var run = new EncodeRun(this, destination);
        run.Template(text, userRanges);
    }

    /// <summary>
    /// The text of ids: their bytes joined and read as UTF-8, each part that is not valid as U+FFFD. Ids from
    /// <see cref="VocabularySize"/> on (a model's padding) have no text.
    /// </summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
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
    /// The bytes of a token, part of a character perhaps; empty from <see cref="VocabularySize"/> on and for ids that are not in use.
    /// The memory belongs to the tokenizer.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < tokens.Count ? tokens[id] : [];
    }

    /// <summary>Whether the id is a special token's. Ids from <see cref="VocabularySize"/> on are not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public bool IsSpecial(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < special.Length && special[id];
    }

    /// <summary>The id of the special token written as <paramref name="text"/>; null when there is none.</summary>
    public int? SpecialId(string text) => specialIds.TryGetValue(text, out int id) ? id : null;

    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        ReadOnlySpan<byte> bytes = TokenBytes(id);
        return skipSpecial && IsSpecial(id) ? [] : bytes;
    }
}
