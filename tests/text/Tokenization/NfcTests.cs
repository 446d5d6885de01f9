using System.Text;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class NfcTests
{
    // Without ICU the normalisation of the runtime does nothing, so there is nothing to compare with.
    private static bool RuntimeNormalizes => "e\u0301".Normalize(NormalizationForm.FormC) == "\u00E9";

    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("\uD558\u11AB", "\uD55C")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("a\u0323\u0301", "\u1EA1\u0301")]
    [InlineData("a\u0301\u0323", "\u1EA1\u0301")]
    [InlineData("a\u0315\u0300\u05AE\u0300b", "\u00E0\u05AE\u0300\u0315b")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\U00011099\U000110BA", "\U0001109A")]
    [InlineData("\u0301\u0301", "\u0301\u0301")]
    [InlineData("plain \u4E2D\u6587", "plain \u4E2D\u6587")]
    [InlineData("", "")]
    public void Text_is_composed(string text, string expected) => Assert.Equal(expected, Nfc.Normalize(text).ToString());

    [Fact]
    public void A_lone_surrogate_is_replaced_after_the_first_change()
    {
        Assert.Equal("\u00E9x\uFFFDx", Nfc.Normalize("e\u0301x\uD800x").ToString());
        Assert.Equal("\u00E9\uFFFD", Nfc.Normalize("e\u0301\uDC00").ToString());
        Assert.Equal("x\uD800", Nfc.Normalize("x\uD800").ToString());
    }

    [SkippableFact]
    public void Every_character_and_random_sequences_agree_with_the_runtime()
    {
        Skip.IfNot(RuntimeNormalizes, "This runtime has no ICU to compare with.");
        var random = new Random(3);

        // All are assigned since Unicode 13 at the latest, so older and newer versions of ICU agree on them.
        int[] alphabet =
        [
            .. Affected(0xC0, 0x3100), .. Affected(0xA800, 0x10000), .. Affected(0x11000, 0x11A00), .. Affected(0x1D100, 0x1D200),
        ];
        foreach (int codePoint in alphabet)
        {
            string one = char.ConvertFromUtf32(codePoint);
            AssertSame(one);
            AssertSame(one.Normalize(NormalizationForm.FormD));
            AssertSame("a" + one + "\u0301");
        }

        for (int i = 0; i < 30_000; i++)
        {
            var text = new StringBuilder();
            for (int left = random.Next(1, 9); left > 0; left--)
            {
                int pick = random.Next(4) == 0 ? random.Next(0x1100, 0x11FF) : alphabet[random.Next(alphabet.Length)];
                text.Append(char.ConvertFromUtf32(pick));
            }

            AssertSame(text.ToString());
            AssertSame(text.ToString().Normalize(NormalizationForm.FormD));
        }
    }

    private static void AssertSame(string text) => Assert.Equal(text.Normalize(NormalizationForm.FormC), Nfc.Normalize(text).ToString());

    private static IEnumerable<int> Affected(int first, int end) => Enumerable.Range(first, end - first).Where(codePoint =>
        codePoint is < 0xD800 or > 0xDFFF
        && Rune.GetUnicodeCategory(new Rune(codePoint)) != System.Globalization.UnicodeCategory.OtherNotAssigned
        && (char.ConvertFromUtf32(codePoint).Normalize(NormalizationForm.FormD) != char.ConvertFromUtf32(codePoint)
            || NfcData.Instance.IsAffected(codePoint)));
}
