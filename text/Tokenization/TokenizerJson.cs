using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Reads <c>tokenizer.json</c> for byte-level byte-pair encoding, the format of the smaller Hunyuan models. An unsupported component that
/// would change ids is rejected with an error that names it. The components post_processor, truncation and padding are ignored, because
/// they add tokens or do not concern the encoding of text.
/// </summary>
internal sealed class TokenizerJson
{
    /// <summary>The file's name in a model folder.</summary>
    public const string Name = "tokenizer.json";

    // Published vocabularies have about 130,000 entries. The limit prevents a wrong huge id from allocating memory up to it.
    private const int MaxId = 10_000_000;

    private readonly string _path;
    private readonly JsonElementReader _root;
    private readonly JsonElementReader _model;
    private readonly Dictionary<string, int> _vocabulary = [];
    private readonly SortedDictionary<int, byte[]> _bytesById = [];
    private readonly List<AddedToken> _added = [];
    private readonly TokenTable _tokens = new();

    private TokenizerJson(string path, JsonElement document)
    {
        _path = path;
        _root = new JsonElementReader(path, "the file", document);
        _model = _root.Object("model");
    }

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="TextException">The file is malformed or uses something that is not supported.</exception>
    public static TokenizerDefinition Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new TokenizerJson(path, document.RootElement).Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string contains an escaped lone surrogate.
            throw new TextException($"{path} is not JSON: {e.Message}", e);
        }
    }

    private TokenizerDefinition Read()
    {
        RequireByteLevelBpe();
        (bool normalize, IReadOnlyList<IPreTokenizer> preTokenizers) = PreTokenizerJson.Read(_root);
        ReadAdded();
        ReadVocabulary();
        FillTable();
        bool ignoreMerges = _model.Flag("ignore_merges", otherwise: false);
        return new TokenizerDefinition(_tokens, ReadMerges(), preTokenizers, _added, normalize, ignoreMerges);
    }

    private void RequireByteLevelBpe()
    {
        string type = _model.Text("type", otherwise: "BPE");
        if (type != "BPE")
        {
            throw _model.Unsupported($"type '{type}'", "BPE");
        }

        foreach (string name in (string[])["unk_token", "continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (_model.Text(name, otherwise: string.Empty) is var text and not "")
            {
                throw _model.Unsupported($"{name} '{text}'", "none: every byte is a token");
            }
        }

        if (_model.Flag("byte_fallback", otherwise: false))
        {
            throw _model.Unsupported("byte_fallback", "byte-level vocabularies");
        }

        if (_model.Property("dropout") is { } dropout && (dropout.ValueKind != JsonValueKind.Number || dropout.GetDouble() != 0))
        {
            throw _model.Unsupported($"dropout {dropout.GetRawText()}", "null or 0");
        }

        PreTokenizerJson.RequireByteLevelDecoder(_root);
    }

    private void ReadAdded()
    {
        foreach (JsonElementReader token in _root.Items("added_tokens"))
        {
            foreach (string name in (string[])["single_word", "lstrip", "rstrip"])
            {
                if (token.Flag(name, otherwise: false))
                {
                    throw token.Unsupported(name, "added tokens that are recognised as they stand");
                }
            }

            string text = token.Text("content", otherwise: string.Empty);
            bool special = token.Flag("special", otherwise: false);
            int id = ReadId(token.Property("id"), text);
            if (text.Length == 0 || _added.Exists(other => other.Id == id || other.Text == text))
            {
                throw token.Unsupported($"content '{text}' with id {id}", "a text and an id that no other added token has");
            }

            _added.Add(new AddedToken(id, text, special, token.Flag("normalized", otherwise: !special)));
            _bytesById.Add(id, Encoding.UTF8.GetBytes(text));
        }

        _added.Sort((a, b) => a.Id.CompareTo(b.Id));
    }

    private void ReadVocabulary()
    {
        Dictionary<int, AddedToken> addedById = _added.ToDictionary(token => token.Id);
        foreach (JsonProperty entry in _model.Object("vocab").Properties())
        {
            int id = ReadId(entry.Value, entry.Name);
            if (!_vocabulary.TryAdd(entry.Name, id))
            {
                throw new TextException($"{_path}: model.vocab has '{entry.Name}' twice.");
            }

            if (addedById.TryGetValue(id, out AddedToken? same))
            {
                if (same.Text != entry.Name)
                {
                    throw new TextException($"{_path}: id {id} is '{entry.Name}' in model.vocab and '{same.Text}' in added_tokens.");
                }
            }
            else if (!ByteLevelAlphabet.TryDecode(entry.Name, out byte[] bytes) || bytes.Length == 0)
            {
                throw new TextException($"{_path}: '{entry.Name}' in model.vocab is not written in the byte-level alphabet.");
            }
            else if (!_bytesById.TryAdd(id, bytes))
            {
                throw new TextException($"{_path}: id {id} of '{entry.Name}' in model.vocab is another token's too.");
            }
        }
    }

    private void FillTable()
    {
        // An added token that is not special may also be an ordinary entry of the vocabulary.
        HashSet<int> unfindable = [.. _added.Where(token => token.Special || !_vocabulary.ContainsKey(token.Text)).Select(token => token.Id)];
        foreach ((int id, byte[] bytes) in _bytesById)
        {
            while (_tokens.Count < id)
            {
                _tokens.Add([], findable: false);
            }

            _tokens.Add(bytes, findable: !unfindable.Contains(id) && _tokens.Find(bytes) < 0);
        }

        for (int value = 0; value < 256; value++)
        {
            if (_tokens.Find([(byte)value]) < 0)
            {
                throw new TextException(
                    $"{_path}: model.vocab has no token for the single byte 0x{value:X2}; all 256 single bytes must be tokens.");
            }
        }
    }

    private MergeTable ReadMerges()
    {
        var merges = new MergeTable();
        HashSet<int> specialIds = [.. _added.Where(token => token.Special).Select(token => token.Id)];
        int rank = 0;
        foreach (JsonElementReader merge in _model.Items("merges"))
        {
            (string left, string right) = ReadPair(merge);
            int merged = RequireId(merge, left + right);
            int first = RequireId(merge, left);
            int second = RequireId(merge, right);

            // Ordinary text must never encode to a special token, even if the merges of a file lead to one.
            if (!specialIds.Contains(merged))
            {
                merges.Add(first, second, rank, merged);
            }

            rank++;
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(JsonElementReader merge)
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

        throw merge.Unsupported(merge.Element.GetRawText(), "\"a b\" or [\"a\", \"b\"]");
    }

    private int RequireId(JsonElementReader merge, string token) => _vocabulary.TryGetValue(token, out int id)
        ? id
        : throw merge.Unsupported($"{merge.Element.GetRawText()}, where '{token}' is not in model.vocab", "tokens of the vocabulary");

    private int ReadId(JsonElement? value, string token) =>
        value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int id) && id is >= 0 and <= MaxId
            ? id
            : throw new TextException($"{_path}: the id of '{token}' must be a whole number from 0 to {MaxId}.");
}
