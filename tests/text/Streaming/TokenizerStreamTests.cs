using System.Text;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tests.Tokenization;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Streaming;

/// <summary>Compares <see cref="TextStream"/> over a tokenizer with <see cref="Tokenizer.Decode"/>.</summary>
public sealed class TokenizerStreamTests
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Published_cases_give_the_same_text_as_decoding(bool skipSpecial)
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        foreach (GoldenTokenizer.Case item in
            GoldenTokenizer.Cases("strings.json", "strings").Concat(GoldenTokenizer.Cases("decode.json", "cases")))
        {
            Check(tokenizer, item.Ids, skipSpecial);
        }
    }

    [Fact]
    public void Random_ids_give_the_same_text_as_decoding()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        int[] singleBytes = [.. Enumerable.Range(0, 256).Select(value => tokenizer.Definition.Tokens.Find([(byte)value]))];
        byte[] boundaryBytes = [0xC3, 0xE4, 0xED, 0xE0, 0xF0, 0xF4, 0x80, 0x9F, 0xBF, 0x90, 0xC0, 0xFF];
        int[] boundaryIds = [.. boundaryBytes.Select(value => singleBytes[value])];
        var random = new Random(2);
        for (int i = 0; i < 6_000; i++)
        {
            int[] ids = new int[random.Next(1, 30)];
            for (int k = 0; k < ids.Length; k++)
            {
                ids[k] = (i % 3) switch
                {
                    0 => random.Next(4608),
                    1 => singleBytes[random.Next(256)],
                    _ => boundaryIds[random.Next(boundaryIds.Length)],
                };
            }

            Check(tokenizer, ids, skipSpecial: i % 2 == 0);
        }
    }

    [Fact]
    public void A_character_is_returned_as_soon_as_it_is_complete()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        int[] bytes = [.. "\U0001F600"u8.ToArray().Select(value => tokenizer.Definition.Tokens.Find([value]))];
        TextStream stream = new(new TokenizerText(tokenizer));
        Assert.Equal(["", "", "", "\U0001F600", ""], [.. bytes.Select(id => stream.Append([id])), stream.Finish()]);

        // The end of the stream, or a byte that cannot continue the character, makes it invalid.
        stream = new TextStream(new TokenizerText(tokenizer));
        Assert.Equal(["", "", "\uFFFD"], [stream.Append([bytes[0]]), stream.Append([bytes[1]]), stream.Finish()]);
        stream = new TextStream(new TokenizerText(tokenizer));
        int letter = tokenizer.Encode("a")[0];
        Assert.Equal(["", "\uFFFDa", ""], [stream.Append([bytes[0]]), stream.Append([letter]), stream.Finish()]);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Append([-1]));
        Assert.Equal(string.Empty, stream.Append([int.MaxValue]));
    }

    private static void Check(Tokenizer tokenizer, int[] ids, bool skipSpecial)
    {
        TextStream stream = new(new TokenizerText(tokenizer, skipSpecial));
        var text = new StringBuilder();
        for (int i = 0; i < ids.Length; i++)
        {
            string piece = stream.Append([ids[i]]);
            Assert.True(piece.Length == 0 || (!char.IsHighSurrogate(piece[^1]) && !char.IsLowSurrogate(piece[0])), "half a character");
            text.Append(piece);

            // Later ids never change text that was returned, and only an incomplete character is withheld.
            string whole = tokenizer.Decode(ids.AsSpan(0, i + 1), skipSpecial);
            Assert.StartsWith(text.ToString(), whole, StringComparison.Ordinal);
            Assert.True(whole.Length - text.Length <= 1 && whole[text.Length..] is "" or "\uFFFD");
        }

        text.Append(stream.Finish());
        Assert.Equal(tokenizer.Decode(ids, skipSpecial), text.ToString());
    }
}
