using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class SpecialTokenTests
{
    private const int Start = 4338;
    private const int Eos = 4340;
    private const int Extra0 = 4342;

    private readonly Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);

    [Fact]
    public void Special_text_is_ordinary_unless_asked_for()
    {
        Assert.Equal([Start, Eos, Extra0], tokenizer.Encode("<|startoftext|><|eos|><|extra_0|>", parseSpecial: true));
        int[] ordinary = tokenizer.Encode("<|startoftext|><|eos|><|extra_0|>");
        Assert.DoesNotContain(ordinary, tokenizer.IsSpecial);
        Assert.Equal("<|startoftext|><|eos|><|extra_0|>", tokenizer.Decode(ordinary, skipSpecial: true));
    }

    [Fact]
    public void No_ordinary_text_gives_a_special_token()
    {
        var random = new Random(11);
        for (int i = 0; i < 2_000; i++)
        {
            string text = RandomText.Next(random, 20, beyond: true);
            int[] ids = tokenizer.Encode(text);
            Assert.DoesNotContain(ids, tokenizer.IsSpecial);
            Assert.Equal(Nfc.Normalize(text).ToString(), tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void A_template_alone_brings_special_tokens()
    {
        Assert.Equal([Start, .. tokenizer.Encode("<|eos|>"), Extra0], Template("<|startoftext|>", "[<|eos|>]", "<|extra_0|>"));
        Assert.Equal([Start, .. tokenizer.Encode("<|eos|>")], Template("<|startoftext|>", "[<|e]", "os|>"));
        Assert.Equal([.. tokenizer.Encode("<|eos|>"), Extra0], Template("<|e", "[os|>]", "<|extra_0|>"));
        Assert.Equal([Eos, .. tokenizer.Encode("a"), Eos], Template("<|eos|>", "[]", "a<|eos|>"));
        Assert.Equal([Start, .. tokenizer.Encode("<|bos|><|bos|>"), Eos], Template("<|startoftext|>", "[<|bos|>]", "[<|bos|>]", "<|eos|>"));
    }

    [Fact]
    public void A_user_cannot_spoil_a_template_token()
    {
        // U+0338 would compose with the '>' in front of it.
        Assert.Equal([Start, .. tokenizer.Encode("\u0338x")], Template("<|startoftext|>", "[\u0338x]"));
    }

    [Fact]
    public void Text_across_a_user_border_is_encoded_as_one()
    {
        Assert.Equal(tokenizer.Encode("User: hello"), Template("User: ", "[hello]"));
    }

    [Fact]
    public void User_ranges_out_of_order_are_refused()
    {
        Assert.Throws<ArgumentException>(() => tokenizer.EncodeTemplate("abcdef", [2..4, 1..2], []));
        Assert.Throws<ArgumentException>(() => tokenizer.EncodeTemplate("abc", [2..4], []));
    }

    [Fact]
    public void Ids_beyond_the_vocabulary_have_no_text()
    {
        Assert.Equal(4546, tokenizer.VocabularySize);
        Assert.Equal(209, tokenizer.SpecialTokens.Count);
        Assert.Equal(string.Empty, tokenizer.Decode([4546, 4607, int.MaxValue]));
        Assert.True(tokenizer.TokenBytes(4546).IsEmpty);
        Assert.False(tokenizer.IsSpecial(4546));
        Assert.Equal("<|eos|>", tokenizer.Decode([Eos]));
        Assert.Equal(string.Empty, tokenizer.Decode([Eos], skipSpecial: true));
        Assert.Null(tokenizer.SpecialId("<|nothing|>"));
        Assert.Equal(Eos, tokenizer.SpecialId("<|eos|>"));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.TokenBytes(-1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.IsSpecial(-1));
    }

    [Fact]
    public async Task One_tokenizer_serves_many_threads()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => RandomText.Next(new Random(i), 200, beyond: true))];
        int[][] alone = [.. texts.Select(text => tokenizer.Encode(text, parseSpecial: true))];
        await Parallel.ForAsync(0, 2_000, (i, _) =>
        {
            Assert.Equal(alone[i % texts.Length], tokenizer.Encode(texts[i % texts.Length], parseSpecial: true));
            return ValueTask.CompletedTask;
        });
    }

    // Parts in [ ] are a user's.
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
        tokenizer.EncodeTemplate(text, ranges.ToArray(), ids);
        return ids;
    }
}
