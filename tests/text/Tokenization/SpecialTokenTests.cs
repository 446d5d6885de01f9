using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class SpecialTokenTests
{
    private const int Start = 4338;
    private const int Eos = 4340;
    private const int Extra0 = 4342;

    private readonly Tokenizer _tokenizer = Tokenizer.Load(TestPaths.DemoModel);

    [Fact]
    public void Special_tokens_are_parsed_only_on_request()
    {
        Assert.Equal([Start, Eos, Extra0], _tokenizer.Encode("<|startoftext|><|eos|><|extra_0|>", parseSpecial: true));
        int[] ordinary = _tokenizer.Encode("<|startoftext|><|eos|><|extra_0|>");
        Assert.DoesNotContain(ordinary, _tokenizer.IsSpecial);
        Assert.Equal("<|startoftext|><|eos|><|extra_0|>", _tokenizer.Decode(ordinary, skipSpecial: true));
    }

    [Fact]
    public void No_ordinary_text_gives_a_special_token()
    {
        var random = new Random(11);
        for (int i = 0; i < 2_000; i++)
        {
            string text = RandomText.Next(random, 20, astral: true);
            int[] ids = _tokenizer.Encode(text);
            Assert.DoesNotContain(ids, _tokenizer.IsSpecial);
            Assert.Equal(Nfc.Normalize(text).ToString(), _tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Only_text_of_the_template_becomes_special_tokens()
    {
        Assert.Equal([Start, .. _tokenizer.Encode("<|eos|>"), Extra0], Template("<|startoftext|>", "[<|eos|>]", "<|extra_0|>"));
        Assert.Equal([Start, .. _tokenizer.Encode("<|eos|>")], Template("<|startoftext|>", "[<|e]", "os|>"));
        Assert.Equal([.. _tokenizer.Encode("<|eos|>"), Extra0], Template("<|e", "[os|>]", "<|extra_0|>"));
        Assert.Equal([Eos, .. _tokenizer.Encode("a"), Eos], Template("<|eos|>", "[]", "a<|eos|>"));
        Assert.Equal([Start, .. _tokenizer.Encode("<|bos|><|bos|>"), Eos], Template("<|startoftext|>", "[<|bos|>]", "[<|bos|>]", "<|eos|>"));
    }

    [Fact]
    public void User_text_cannot_change_a_special_token_of_the_template()
    {
        // U+0338 would compose with the preceding '>'.
        Assert.Equal([Start, .. _tokenizer.Encode("\u0338x")], Template("<|startoftext|>", "[\u0338x]"));
    }

    [Fact]
    public void Text_across_the_border_of_a_user_range_is_encoded_as_a_whole()
    {
        Assert.Equal(_tokenizer.Encode("User: hello"), Template("User: ", "[hello]"));
    }

    [Fact]
    public void User_ranges_out_of_order_are_rejected()
    {
        Assert.Throws<ArgumentException>(() => _tokenizer.EncodeTemplate("abcdef", [2..4, 1..2], []));
        Assert.Throws<ArgumentException>(() => _tokenizer.EncodeTemplate("abc", [2..4], []));
    }

    [Fact]
    public void Ids_beyond_the_vocabulary_have_no_text()
    {
        Assert.Equal(4546, _tokenizer.VocabularySize);
        Assert.Equal(209, _tokenizer.SpecialTokens.Count);
        Assert.Equal(string.Empty, _tokenizer.Decode([4546, 4607, int.MaxValue]));
        Assert.True(_tokenizer.TokenBytes(4546).IsEmpty);
        Assert.False(_tokenizer.IsSpecial(4546));
        Assert.Equal("<|eos|>", _tokenizer.Decode([Eos]));
        Assert.Equal(string.Empty, _tokenizer.Decode([Eos], skipSpecial: true));
        Assert.Null(_tokenizer.SpecialId("<|nothing|>"));
        Assert.Equal(Eos, _tokenizer.SpecialId("<|eos|>"));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.TokenBytes(-1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.IsSpecial(-1));
    }

    [Fact]
    public async Task A_tokenizer_is_thread_safe()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => RandomText.Next(new Random(i), 200, astral: true))];
        int[][] alone = [.. texts.Select(text => _tokenizer.Encode(text, parseSpecial: true))];
        await Parallel.ForAsync(0, 2_000, (i, _) =>
        {
            Assert.Equal(alone[i % texts.Length], _tokenizer.Encode(texts[i % texts.Length], parseSpecial: true));
            return ValueTask.CompletedTask;
        });
    }

    // Parts in [ ] come from a user.
    private List<int> Template(params string[] parts)
    {
        string text = string.Empty;
        var ranges = new List<Range>();
        foreach (string part in parts)
        {
            bool user = part.StartsWith('[');
            string content = user ? part[1..^1] : part;
            if (user)
            {
                ranges.Add(text.Length..(text.Length + content.Length));
            }

            text += content;
        }

        var ids = new List<int>();
        _tokenizer.EncodeTemplate(text, ranges.ToArray(), ids);
        return ids;
    }
}
