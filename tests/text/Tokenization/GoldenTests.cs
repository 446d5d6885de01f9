using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class GoldenTests
{
    [SkippableFact]
    public void Published_strings_give_the_published_ids_and_text()
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        IReadOnlyList<GoldenTokenizer.Case> cases = GoldenTokenizer.Cases("strings.json", "strings");
        Assert.Equal(200, cases.Count);
        foreach (GoldenTokenizer.Case item in cases)
        {
            Assert.Equal(item.Ids, tokenizer.Encode(item.Text, parseSpecial: true));
            Assert.Equal(item.Decoded, tokenizer.Decode(item.Ids));
            Assert.Equal(item.DecodedSkipSpecial, tokenizer.Decode(item.Ids, skipSpecial: true));
        }
    }

    [SkippableFact]
    public void Published_ids_decode_to_the_published_bytes_and_text()
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        IReadOnlyList<GoldenTokenizer.Case> cases = GoldenTokenizer.Cases("decode.json", "cases");
        Assert.Equal(40, cases.Count);
        foreach (GoldenTokenizer.Case item in cases)
        {
            Assert.Equal(item.BytesHex, string.Concat(item.Ids.Select(id => Convert.ToHexStringLower(tokenizer.TokenBytes(id)))));
            Assert.Equal(item.Decoded, tokenizer.Decode(item.Ids));
            Assert.Equal(item.DecodedSkipSpecial, tokenizer.Decode(item.Ids, skipSpecial: true));
        }
    }

    [SkippableFact]
    public void Rendered_chats_give_the_published_ids()
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        IReadOnlyList<GoldenTokenizer.Case> cases = GoldenTokenizer.Cases("chat.json", "chats");
        Assert.Equal(12, cases.Count);
        Assert.All(cases, item => Assert.Equal(item.Ids, tokenizer.Encode(item.Text, parseSpecial: true)));
        Assert.All(cases, item => Assert.Equal(item.Ids, TemplateIds(tokenizer, item.Text!)));
    }

    [SkippableFact]
    public void Published_special_tokens_follow_the_ranks()
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        Assert.Equal(128166, tokenizer.VocabularySize);
        Assert.Equal(209, tokenizer.SpecialTokens.Count);
        Assert.Equal(127957, tokenizer.SpecialId("<|endoftext|>"));
        Assert.Equal(127958, tokenizer.SpecialId("<|startoftext|>"));
        Assert.Equal(127959, tokenizer.SpecialId("<|bos|>"));
        Assert.Equal(127960, tokenizer.SpecialId("<|eos|>"));
        Assert.Equal(127961, tokenizer.SpecialId("<|pad|>"));
        Assert.Equal(127962, tokenizer.SpecialId("<|extra_0|>"));
        Assert.Equal(128165, tokenizer.SpecialId("<|extra_203|>"));
        Assert.True(tokenizer.IsSpecial(127957));
        Assert.False(tokenizer.IsSpecial(127956));
        Assert.False(tokenizer.IsSpecial(128166));
    }

    [Fact]
    public void Demo_prompts_give_the_expected_ids()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.DemoModel, "expected.json")));
        int count = 0;
        foreach (JsonElement item in document.RootElement.GetProperty("items").EnumerateArray())
        {
            int[] ids = [.. item.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(ids, tokenizer.Encode(item.GetProperty("prompt").GetString(), parseSpecial: true));
            count++;
        }

        Assert.Equal(40, count);
    }

    private static List<int> TemplateIds(Tokenizer tokenizer, string text)
    {
        var ids = new List<int>();
        tokenizer.EncodeTemplate(text, [], ids);
        return ids;
    }
}
