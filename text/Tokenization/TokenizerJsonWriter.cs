using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Gguf;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Writes the tokenizer and the chat template of a GGUF file as the files of a model folder.</summary>
public static class TokenizerJsonWriter
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tokenizer.json and tokenizer_config.json. A file without a vocabulary leads to neither.</summary>
    /// <param name="gguf">The GGUF file.</param>
    /// <param name="directory">The folder to write to.</param>
    /// <exception cref="TextException">The vocabulary is malformed.</exception>
    public static void Write(string gguf, string directory)
    {
        GgufHeader? header = GgufTokenizer.Find(gguf);
        if (header is null || !GgufTokenizer.HasVocabulary(header))
        {
            return;
        }

        Tokenizer tokenizer = Tokenizer.Load(gguf);
        File.WriteAllText(Path.Combine(directory, TokenizerJson.Name), Json(tokenizer).ToJsonString(Options));
        JsonObject config = new();
        string[] texts = GgufTokenizer.Tokens(header);
        foreach ((string key, string name) in GgufTokenizer.NamedTokens)
        {
            if (GgufTokenizer.TokenText(header, texts, key) is { } text)
            {
                config[name] = text;
            }
        }

        config["chat_template"] = Templates.ChatTemplate.Load(gguf).Source;
        config["tokenizer_class"] = "PreTrainedTokenizerFast";
        File.WriteAllText(Path.Combine(directory, "tokenizer_config.json"), config.ToJsonString(Options));
    }

    private static JsonObject Json(Tokenizer tokenizer)
    {
        Vocabulary vocabulary = Vocabulary.Of(tokenizer);
        JsonObject ids = new();
        JsonArray added = new();
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
        {
            switch (vocabulary.Kinds[id])
            {
                case TokenKind.Normal:
                    ids[vocabulary.Tokens[id]] = id;
                    break;
                case TokenKind.Special or TokenKind.Added:
                    bool special = vocabulary.Kinds[id] == TokenKind.Special;
                    added.Add(new JsonObject
                    {
                        ["id"] = id,
                        ["content"] = vocabulary.Tokens[id],
                        ["single_word"] = false,
                        ["lstrip"] = false,
                        ["rstrip"] = false,
                        ["normalized"] = !special,
                        ["special"] = special,
                    });
                    break;
                default:
                    break;
            }
        }

        bool moe = vocabulary.PreTokenizer == GgufTokenizer.MoePreTokenizer;
        JsonArray splits = new();
        foreach (string pattern in moe ? [HunyuanPreTokenizer.Pattern] : GgufTokenizer.DensePatterns)
        {
            splits.Add(new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = pattern },
                ["behavior"] = "Isolated",
                ["invert"] = false,
            });
        }

        splits.Add(ByteLevel());
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = moe ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = splits },
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["byte_fallback"] = false,
                ["ignore_merges"] = moe,
                ["vocab"] = ids,
                ["merges"] = new JsonArray([.. vocabulary.Merges.Select(static merge => (JsonNode)merge)]),
            },
        };
    }

    private static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
}
