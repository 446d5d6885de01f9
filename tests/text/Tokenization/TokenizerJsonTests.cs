using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class TokenizerJsonTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tokenizer-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Merges_apply_in_the_order_of_the_list(bool asPairs)
    {
        Tokenizer tokenizer = Load(Document(asPairs));
        Assert.Equal(266, tokenizer.VocabularySize);

        // "lo" merges before "hel". "ell" never appears, because no pair in the list merges to it.
        Assert.Equal([260], tokenizer.Encode("hello"));
        Assert.Equal(["l", "lo"], Words(tokenizer, "llo"));
        Assert.Equal(["e", "l", "lo"], Words(tokenizer, "ello"));
        Assert.Equal(["hel", "l"], Words(tokenizer, "hell"));
        Assert.Equal("hello \u4E2D\U0001F600", tokenizer.Decode(tokenizer.Encode("hello \u4E2D\U0001F600")));
    }

    [Fact]
    public void Added_tokens_are_recognised_only_on_request()
    {
        Tokenizer tokenizer = Load(Document());
        Assert.Equal([new SpecialToken(263, "<|begin|>"), new SpecialToken(265, "<\uFF5Cend\uFF5C>")], tokenizer.SpecialTokens);
        Assert.Equal([263, 260, 264, 265], tokenizer.Encode("<|begin|>hello<think><\uFF5Cend\uFF5C>", parseSpecial: true));
        Assert.DoesNotContain(tokenizer.Encode("<|begin|>hello<think>"), id => id >= 263);
        Assert.Equal("<think>", tokenizer.Decode([263, 264, 265], skipSpecial: true));
        Assert.Equal("<|begin|><think><\uFF5Cend\uFF5C>", tokenizer.Decode([263, 264, 265]));
        Assert.Equal(265, tokenizer.SpecialId("<\uFF5Cend\uFF5C>"));
        Assert.Null(tokenizer.SpecialId("<think>"));

        // The token is matched in raw text, before U+0338 composes with the '>'.
        Assert.Equal(263, tokenizer.Encode("<|begin|>\u0338", parseSpecial: true)[0]);
    }

    [Fact]
    public void Ignore_merges_encodes_whole_pieces_first()
    {
        JsonObject document = Document();
        Assert.Equal(["e", "l", "lo"], Words(Load(document), "ello"));
        document["model"]!["ignore_merges"] = true;
        Assert.Equal(["ello"], Words(Load(document), "ello"));
    }

    [Fact]
    public void A_normalizer_is_applied_only_if_the_file_has_one()
    {
        JsonObject document = Document();
        Assert.Equal("\u00E9", Load(document).Decode(Load(document).Encode("e\u0301")));
        document["normalizer"] = JsonNode.Parse("""{"type":"Sequence","normalizers":[]}""");
        Assert.Equal("e\u0301", Load(document).Decode(Load(document).Encode("e\u0301")));
        document["normalizer"] = null;
        Assert.Equal("e\u0301", Load(document).Decode(Load(document).Encode("e\u0301")));
    }

    [Fact]
    public void Splits_apply_in_sequence_and_bound_merging()
    {
        JsonObject document = Document();
        document["pre_tokenizer"] = JsonNode.Parse("""
            {"type":"Sequence","pretokenizers":[
              {"type":"Split","pattern":{"Regex":"\\p{N}{1,3}"},"behavior":"Isolated","invert":false},
              {"type":"Split","pattern":{"Regex":"l"},"behavior":"Isolated","invert":false},
              {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}
            """);
        Assert.Equal(["he", "l", "l", "o"], Words(Load(document), "hello"));
        Assert.Equal(["1", "2", "3", "4", "he"], Words(Load(document), "1234he"));
        document["pre_tokenizer"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""");
        Assert.Equal([260], Load(document).Encode("hello"));
    }

    [Fact]
    public void The_demo_vocabulary_gives_the_same_ids_in_both_formats()
    {
        Tokenizer demo = Tokenizer.Load(TestPaths.DemoModel);
        Tokenizer json = Load(Convert(demo));
        Assert.Equal(demo.VocabularySize, json.VocabularySize);
        Assert.Equal(demo.SpecialTokens, json.SpecialTokens);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.DemoModel, "expected.json")));
        foreach (JsonElement item in expected.RootElement.GetProperty("items").EnumerateArray())
        {
            string prompt = item.GetProperty("prompt").GetString()!;
            Assert.Equal(demo.Encode(prompt, parseSpecial: true), json.Encode(prompt, parseSpecial: true));
        }

        var random = new Random(4);
        for (int i = 0; i < 2_000; i++)
        {
            string text = RandomText.Next(random, 20, astral: true);
            Assert.Equal(demo.Encode(text), json.Encode(text));
        }
    }

    [Theory]
    [InlineData("model.type", "\"WordPiece\"", "type 'WordPiece'")]
    [InlineData("model.byte_fallback", "true", "byte_fallback")]
    [InlineData("model.unk_token", "\"<unk>\"", "unk_token '<unk>'")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "end_of_word_suffix '</w>'")]
    [InlineData("model.dropout", "0.1", "dropout 0.1")]
    [InlineData("model.merges", "[\"h zz\"]", "merges[0]: \"h zz\"")]
    [InlineData("model.merges", "[[\"h\",\"e\",\"l\"]]", "merges[0]")]
    [InlineData("model.merges", "[\"h l\"]", "'hl' is not in model.vocab")]
    [InlineData("model.merges", "7", "merges Number")]
    [InlineData("model.vocab", "{\"a\":0,\"b\":0}", "id 0 of 'b'")]
    [InlineData("model.vocab", "{\"a\":-1}", "the id of 'a'")]
    [InlineData("model.vocab", "{\"a b\":0}", "'a b' in model.vocab is not written in the byte-level alphabet")]
    [InlineData("model.vocab", "{\"a\":0}", "single byte 0x00")]
    [InlineData("model.vocab", "null", "no 'vocab'")]
    [InlineData("model", "null", "no 'model'")]
    [InlineData("normalizer", "{\"type\":\"Lowercase\"}", "type 'Lowercase'")]
    [InlineData("decoder", "{\"type\":\"Metaspace\"}", "type 'Metaspace'")]
    [InlineData("pre_tokenizer", "null", "without ByteLevel")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\"}", "type 'Metaspace'")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}", "add_prefix_space")]
    [InlineData("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"Isolated\"}", "\"String\"")]
    [InlineData("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w\"},\"behavior\":\"Isolated\"}", "split pattern '\\w'")]
    [InlineData("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"MergedWithNext\"}", "MergedWithNext")]
    [InlineData("added_tokens", "[{\"id\":1,\"content\":\"x\",\"lstrip\":true}]", "lstrip")]
    [InlineData("added_tokens", "[{\"id\":1,\"content\":\"\"}]", "content ''")]
    [InlineData("added_tokens", "[{\"id\":262,\"content\":\"x\"},{\"id\":262,\"content\":\"y\"}]", "content 'y' with id 262")]
    [InlineData("added_tokens", "[{\"id\":256,\"content\":\"x\"}]", "id 256 is 'he' in model.vocab and 'x' in added_tokens")]
    public void What_is_not_supported_is_named(string property, string value, string named)
    {
        JsonObject document = Document();
        string[] path = property.Split('.');
        JsonObject parent = path.Length == 1 ? document : document[path[0]]!.AsObject();
        parent[path[^1]] = JsonNode.Parse(value);
        string message = Assert.Throws<TextException>(() => Load(document)).Message;
        Assert.Contains("tokenizer.json", message, StringComparison.Ordinal);
        Assert.Contains(named, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"model\":{\"vocab\":{\"\\ud800\":1}}}")]
    public void What_is_not_such_a_file_is_a_clear_error(string text)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "tokenizer.json"), text);
        string message = Assert.Throws<TextException>(() => Tokenizer.Load(_folder.FullName)).Message;
        Assert.Contains("tokenizer.json", message, StringComparison.Ordinal);
    }

    // A vocabulary of all single bytes, in the order of the alphabet, and a few words.
    internal static JsonObject Document(bool asPairs = false)
    {
        var vocabulary = new JsonObject();
        foreach (char letter in Alphabet().Order())
        {
            vocabulary[letter.ToString()] = vocabulary.Count;
        }

        foreach (string word in (string[])["he", "lo", "hel", "ell", "hello", "hell", "ello"])
        {
            vocabulary[word] = vocabulary.Count;
        }

        JsonNode[] merges = [.. new[] { "h e", "l o", "he l", "hel lo" }.Select(merge => asPairs
            ? (JsonNode)new JsonArray([.. merge.Split(' ').Select(part => (JsonNode)part)])
            : merge)];
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = JsonNode.Parse("""
                [{"id":263,"content":"<|begin|>","special":true,"normalized":false},{"id":264,"content":"<think>","special":false},
                 {"id":265,"content":"<｜end｜>","special":true}]
                """),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = HunyuanPreTokenizer.Pattern },
                        ["behavior"] = "Removed",
                        ["invert"] = true,
                    },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
            },
            ["post_processor"] = new JsonObject { ["type"] = "ByteLevel" },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(merges),
            },
        };
    }

    // Converts a tokenizer of ranks to a file with a list of merges. The merge of a token is the last one that leads to it.
    private static JsonObject Convert(Tokenizer source)
    {
        JsonObject document = Document();
        var vocabulary = new JsonObject();
        var merges = new JsonArray();
        char[] alphabet = Alphabet();
        int ranks = source.SpecialTokens[0].Id;
        string TextOf(int id) => string.Concat(source.TokenBytes(id).ToArray().Select(value => alphabet[value]));
        for (int id = 0; id < ranks; id++)
        {
            vocabulary[TextOf(id)] = id;
            var parts = new List<int>();
            foreach (byte value in source.TokenBytes(id))
            {
                parts.Add(source.Definition.Tokens.Find([value]));
            }

            while (parts.Count > 2)
            {
                int best = Enumerable.Range(0, parts.Count - 1).MinBy(i => source.Definition.Merges.Rank(parts[i], parts[i + 1]));
                parts[best] = source.Definition.Merges.Merged(parts[best], parts[best + 1]);
                parts.RemoveAt(best + 1);
            }

            if (parts.Count == 2)
            {
                merges.Add(TextOf(parts[0]) + " " + TextOf(parts[1]));
            }
        }

        document["model"]!["vocab"] = vocabulary;
        document["model"]!["merges"] = merges;
        document["added_tokens"] = new JsonArray([.. source.SpecialTokens.Select(token => (JsonNode)new JsonObject
        {
            ["id"] = token.Id,
            ["content"] = token.Text,
            ["special"] = true,
            ["normalized"] = true,
        })]);
        return document;
    }

    // The character of each byte: itself if it is printable Latin-1, otherwise one from U+0100 on.
    private static char[] Alphabet()
    {
        int next = 0x100;
        return [.. Enumerable.Range(0, 256).Select(value =>
            (char)(value is (> 0x20 and < 0x7F) or (> 0xA0 and not 0xAD) ? value : next++))];
    }

    private static List<string> Words(Tokenizer tokenizer, string text) =>
        [.. tokenizer.Encode(text).Select(id => Encoding.UTF8.GetString(tokenizer.TokenBytes(id)))];

    private Tokenizer Load(JsonObject document)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "tokenizer.json"), document.ToJsonString());
        return Tokenizer.Load(_folder.FullName);
    }
}
