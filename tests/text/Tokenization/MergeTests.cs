using System.Text;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class MergeTests
{
    [Fact]
    public void Merging_agrees_with_a_search_after_every_merge()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        var random = new Random(5);
        byte[] source = Encoding.UTF8.GetBytes(File.ReadAllText(Path.Combine(TestPaths.DemoModel, "README.md")));
        for (int i = 0; i < 600; i++)
        {
            // The lengths lie on both sides of the threshold of the heap. The bytes are real text, noise, or runs of two letters.
            var piece = new byte[random.Next(1, 160)];
            for (int k = 0; k < piece.Length; k++)
            {
                piece[k] = (i % 3) switch
                {
                    0 => source[((i * 13) + k) % source.Length],
                    1 => (byte)random.Next(256),
                    _ => (byte)('a' + random.Next(2)),
                };
            }

            var ids = new List<int>();
            tokenizer.Merger.Merge(piece, ids);
            Assert.Equal(Reference(tokenizer, piece), ids);
        }
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("a")]
    [InlineData("\n")]
    [InlineData("=")]
    [InlineData("'")]
    [InlineData("\u4E2D")]
    [InlineData("\u0301")]
    [InlineData("\u1112\u1161\u11AB")]
    [InlineData(" \n")]
    [InlineData("\u0323\u0301\u0328")]
    [InlineData("<|extra_20")]
    public void Encoding_millions_of_repeated_chars_is_not_quadratic(string unit)
    {
        // A quadratic step over four million chars takes more than ten minutes, even if it only moves memory. Linear time is seconds at most.
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        string text = string.Concat(Enumerable.Repeat(unit, 4_000_000 / unit.Length));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(text);
        string decoded = tokenizer.Decode(ids);
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"{clock.Elapsed} for four million chars");
        Assert.Equal(Nfc.Normalize(text).ToString(), decoded);
    }

    [Fact]
    public void Lone_surrogates_are_encoded_as_replacement_characters()
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        foreach (string text in (string[])["\uD83D", "a\uDE00\uD83D b", "\uD83D\uD83D\uDE00", "e\u0301\uDE00"])
        {
            string expected = Nfc.Normalize(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))).ToString();
            Assert.Equal(tokenizer.Encode(expected), tokenizer.Encode(text));
            Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void A_long_line_of_Chinese_survives_encoding_and_decoding()
    {
        var random = new Random(9);
        string text = string.Create(350_000, random, (chars, source) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = (char)(0x4E00 + source.Next(0x5000));
            }
        });
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    private static List<int> Reference(Tokenizer tokenizer, byte[] piece)
    {
        var parts = piece.Select(value => new byte[] { value }).ToList();
        while (true)
        {
            int best = int.MaxValue;
            int at = -1;
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                int rank = tokenizer.Definition.Tokens.Find([.. parts[i], .. parts[i + 1]]);
                if (rank >= 0 && rank < best)
                {
                    (best, at) = (rank, i);
                }
            }

            if (at < 0)
            {
                return [.. parts.Select(part => tokenizer.Definition.Tokens.Find(part))];
            }

            parts[at] = [.. parts[at], .. parts[at + 1]];
            parts.RemoveAt(at + 1);
        }
    }
}
