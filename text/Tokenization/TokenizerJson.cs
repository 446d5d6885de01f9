using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Reads <c>tokenizer.json</c> where it describes byte-level byte-pair encoding, as the smaller Hunyuan models ship it. Any component
/// that would change ids and is not supported is refused by name. Ignored, because they add tokens or only matter elsewhere:
/// post_processor, truncation, padding.
/// </summary>
internal sealed class TokenizerJson
{
    /// <summary>The file's name in a model folder.</summary>
    public const string Name = "tokenizer.json";

    // Published vocabularies have some 130,000 entries; a stray huge id must not ask for the memory up to it.
    private const int HighestId = 10_000_000;

    private readonly string path;
    private readonly JsonReading root;
    private readonly JsonReading model;
    private readonly Dictionary<string, int> vocabulary = [];
    private readonly SortedDictionary<int, byte[]> bytesById = [];
    private readonly List<AddedToken> added = [];
    private readonly TokenTable tokens = new();

    private TokenizerJson(string path, JsonElement document)
    {
        this.path = path;
        root = new JsonReading(path, "the file", document);
        model = root.Object("model");
    }

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="TextException">The file is malformed or uses something that is not supported.</exception>
    public static TokenizerParts Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new TokenizerJson(path, document.RootElement).Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second kind: a text with half a surrogate pair escaped in it.
            throw new TextException($"{path} is not JSON: {e.Message}", e);
        }
    }

    private TokenizerParts Read()
    {
        RequireBytePairs();
        (bool normalize, IReadOnlyList<IPieceSplitter> splitters) = PreTokenizerJson.Read(root);
        ReadAdded();
        ReadVocabulary();
        FillTable();
        bool wholePieces = model.Flag("ignore_merges", otherwise: false);
        return new TokenizerParts(tokens, ReadMerges(), splitters, added, normalize, wholePieces);
    }

    private void RequireBytePairs()
    {
        string type = model.Text("type", otherwise: "BPE");
        if (type != "BPE")
        {
            throw model.Refuse($"type '{type}'", "BPE");
        }

        foreach (string name in (string[])["unk_token", "continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Text(name, otherwise: string.Empty) is var text and not "")
            {
                throw model.Refuse($"{name} '{text}'", "none: every byte is a token");
            }
        }

        if (model.Flag("byte_fallback", otherwise: false))
        {
            throw model.Refuse("byte_fallback", "byte-level vocabularies");
        }

        if (model.Property("dropout") is { } dropout && (dropout.ValueKind != JsonValueKind.Number || dropout.GetDouble() != 0))
        {
            throw model.Refuse($"dropout {dropout.GetRawText()}", "null or 0");
        }

        PreTokenizerJson.RequireByteLevelDecoder(root);
    }

    private void ReadAdded()
    {
        foreach (JsonReading token in root.Items("added_tokens"))
        {
            foreach (string name in (string[])["single_word", "lstrip", "rstrip"])
            {
                if (token.Flag(name, otherwise: false))
                {
                    throw token.Refuse(name, "added tokens that are recognised as they stand");
                }
            }

            string text = token.Text("content", otherwise: string.Empty);
            bool special = token.Flag("special", otherwise: false);
            int id = Id(token.Property("id"), text);
            if (text.Length == 0 || added.Exists(other => other.Id == id || other.Text == text))
            {
                throw token.Refuse($"content '{text}' with id {id}", "a text and an id that no other added token has");
            }

            added.Add(new AddedToken(id, text, special, token.Flag("normalized", otherwise: !special)));
            bytesById.Add(id, Encoding.UTF8.GetBytes(text));
        }

        added.Sort((a, b) => a.Id.CompareTo(b.Id));
    }

    private void ReadVocabulary()
    {
        Dictionary<int, AddedToken> addedById = added.ToDictionary(token => token.Id);
        foreach (JsonProperty entry in model.Object("vocab").Properties())
        {
            int id = Id(entry.Value, entry.Name);
            if (!vocabulary.TryAdd(entry.Name, id))
            {
                throw new TextException($"{path}: model.vocab has '{entry.Name}' twice.");
            }

            if (addedById.TryGetValue(id, out AddedToken? same))
            {
                if (same.Text != entry.Name)
                {
                    throw new TextException($"{path}: id {id} is '{entry.Name}' in model.vocab and '{same.Text}' in added_tokens.");
                }
            }
            else if (!ByteAlphabet.TryDecode(entry.Name, out byte[] bytes) || bytes.Length == 0)
            {
                throw new TextException($"{path}: '{entry.Name}' in model.vocab is not written in the byte-level alphabet.");
            }
            else if (!bytesById.TryAdd(id, bytes))
            {
                throw new TextException($"{path}: id {id} of '{entry.Name}' in model.vocab is another token's too.");
            }
        }
    }

    private void FillTable()
    {
        // An added token that is not special may be an ordinary word of the vocabulary besides.
        HashSet<int> unfindable = [.. added.Where(token => token.Special || !vocabulary.ContainsKey(token.Text)).Select(token => token.Id)];
        foreach ((int id, byte[] bytes) in bytesById)
        {
            while (tokens.Count < id)
            {
                tokens.Add([], findable: false);
            }

            tokens.Add(bytes, findable: !unfindable.Contains(id) && tokens.Find(bytes) < 0);
        }

        for (int value = 0; value < 256; value++)
        {
            if (tokens.Find([(byte)value]) < 0)
            {
                throw new TextException(
                    $"{path}: model.vocab has no token for the single byte 0x{value:X2}; all 256 single bytes must be tokens.");
            }
        }
    }

    private PairTable ReadMerges()
    {
        var pairs = new PairTable();
        HashSet<int> specialIds = [.. added.Where(token => token.Special).Select(token => token.Id)];
        int rank = 0;
        foreach (JsonReading merge in model.Items("merges"))
        {
            (string left, string right) = Pair(merge);
            int merged = Known(merge, left + right);
            int first = Known(merge, left);
            int second = Known(merge, right);

            // Text that a user wrote never becomes a special token, not even where a file merges up to one.
            if (!specialIds.Contains(merged))
            {
                pairs.Add(first, second, rank, merged);
            }

            rank++;
        }

        return pairs;
    }

    private static (string Left, string Right) Pair(JsonReading merge)
    {
        if (merge.Element.ValueKind == JsonValueKind.String)
        {
            string[] parts = merge.Element.GetString()!.Split(' ');
            if (parts.Length == 2)
            {
                return (parts[0], parts[1]);
            }
        }
        else if (merge.Element.ValueKind == JsonValueKind.Array && merge.Element.GetArrayLength() == 2
            && merge.Element[0].ValueKind == JsonValueKind.String && merge.Element[1].ValueKind == JsonValueKind.String)
        {
            return (merge.Element[0].GetString()!, merge.Element[1].GetString()!);
        }

        throw merge.Refuse(merge.Element.GetRawText(), "\"a b\" or [\"a\", \"b\"]");
    }

    private int Known(JsonReading merge, string token) => vocabulary.TryGetValue(token, out int id)
        ? id
        : throw merge.Refuse($"{merge.Element.GetRawText()}, where '{token}' is not in model.vocab", "tokens of the vocabulary");

    private int Id(JsonElement? value, string token) =>
        value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int id) && id is >= 0 and <= HighestId
            ? id
            : throw new TextException($"{path}: the id of '{token}' must be a whole number from 0 to {HighestId}.");
}
