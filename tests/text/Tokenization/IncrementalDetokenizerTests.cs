using System.Text;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class IncrementalDetokenizerTests
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Published_cases_come_out_the_same_piece_by_piece(bool skipSpecial)
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        foreach (GoldenTokenizer.Case item in
            GoldenTokenizer.Cases("strings.json", "strings").Concat(GoldenTokenizer.Cases("decode.json", "cases")))
        {
            Check(tokenizer, item.Ids, skipSpecial);
        }
    }

    [Fact]
    public void Random_ids_come_out_the_same_piece_by_piece()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        int[] singleBytes = [.. Enumerable.Range(0, 256).Select(value => tokenizer.Parts.Tokens.Find([(byte)value]))];
        byte[] telling = [0xC3, 0xE4, 0xED, 0xE0, 0xF0, 0xF4, 0x80, 0x9F, 0xBF, 0x90, 0xC0, 0xFF];
        int[] leads = [.. telling.Select(value => singleBytes[value])];
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
                    _ => leads[random.Next(leads.Length)],
                };
            }

            Check(tokenizer, ids, skipSpecial: i % 2 == 0);
        }
    }

    [Fact]
    public void A_character_comes_whole_and_as_soon_as_it_is_complete()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        var detokenizer = new IncrementalDetokenizer(tokenizer, skipSpecial: true);
        int[] bytes = [.. "\U0001F600"u8.ToArray().Select(value => tokenizer.Parts.Tokens.Find([value]))];
        Assert.Equal(["", "", "", "\U0001F600", ""], [.. bytes.Select(detokenizer.Append), detokenizer.Flush()]);

        // Cut off by an end, then by an id that cannot go on; the stream can be used again after a flush.
        Assert.Equal(["", "", "\uFFFD"], [detokenizer.Append(bytes[0]), detokenizer.Append(bytes[1]), detokenizer.Flush()]);
        int letter = tokenizer.Encode("a")[0];
        Assert.Equal(["", "\uFFFDa", ""], [detokenizer.Append(bytes[0]), detokenizer.Append(letter), detokenizer.Flush()]);
        Assert.Throws<ArgumentOutOfRangeException>(() => detokenizer.Append(-1));
        Assert.Equal(string.Empty, detokenizer.Append(int.MaxValue));
    }

    private static void Check(Tokenizer tokenizer, int[] ids, bool skipSpecial)
    {
        var detokenizer = new IncrementalDetokenizer(tokenizer, skipSpecial);
        var text = new StringBuilder();
        for (int i = 0; i < ids.Length; i++)
        {
            string piece = detokenizer.Append(ids[i]);
            Assert.True(piece.Length == 0 || (!char.IsHighSurrogate(piece[^1]) && !char.IsLowSurrogate(piece[0])), "half a character");
            text.Append(piece);

            // Nothing given so far is taken back by what follows, and only an incomplete character is kept back.
            string whole = tokenizer.Decode(ids.AsSpan(0, i + 1), skipSpecial);
            Assert.StartsWith(text.ToString(), whole, StringComparison.Ordinal);
            Assert.True(whole.Length - text.Length <= 1 && whole[text.Length..] is "" or "\uFFFD");
        }

        text.Append(detokenizer.Flush());
        Assert.Equal(tokenizer.Decode(ids, skipSpecial), text.ToString());
    }
}
