using System.Text;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Text that is free until a trigger comes.</summary>
public sealed class TaggedTextTests
{
    private static readonly ConstraintSpec Call = ConstraintSpec.Sequence(
        ConstraintSpec.Choice("get>", "put>"), ConstraintSpec.JsonSchema("""{"type":"object","properties":{"a":{"type":"boolean"}}}"""), ConstraintSpec.Literal("</call>"));

    [Theory]
    [InlineData("", true)]
    [InlineData("any text < call> é🐎\n", true)]
    [InlineData("<call=get>{\"a\":true}</call>", true)]
    [InlineData("so <<call=put>{}</call> and <call=get>{}</call> <cal", true)]
    [InlineData("ends in <call", true)]
    [InlineData("<call=", false)]
    [InlineData("<call=get>", false)]
    [InlineData("<call=get>{}</call", false)]
    [InlineData("text <call=other>{}</call>", false)]
    [InlineData("text <call=get>{\"a\":1}</call>", false)]
    [InlineData("text <<call=x", false)]
    public void After_a_trigger_its_continuation_must_follow(string text, bool expected)
        => Check(ConstraintSpec.TaggedText([("<call=", Call)]), text, expected);

    [Theory]
    [InlineData("xabax", true)]
    [InlineData("abc!", true)]
    [InlineData("ababc!bc?d", true)]
    [InlineData("bc?aabc!", true)]
    [InlineData("aabc", false)]
    [InlineData("abc?", true)]
    [InlineData("abbc!", false)]
    [InlineData("a-b-", true)]
    [InlineData("no", false)]
    [InlineData("nno n", false)]
    [InlineData("n o", true)]
    public void Triggers_may_overlap_and_be_forbidden(string text, bool expected) => Check(
        ConstraintSpec.TaggedText([("abc", ConstraintSpec.Literal("!")), ("bc", ConstraintSpec.Literal("?")), ("no", ConstraintSpec.OneOf())]), text, expected);

    [Theory]
    [InlineData("free", true)]
    [InlineData("thought</t>yes", true)]
    [InlineData("</t>no", true)]
    [InlineData("</t></t>", false)]
    [InlineData("</t>yes and more", false)]
    public void A_single_continuation_ends_the_text(string text, bool expected)
        => Check(ConstraintSpec.TaggedText([("</t>", ConstraintSpec.Choice("yes", "no"))], single: true), text, expected);

    [Theory]
    [InlineData(0xC3)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void Free_text_is_valid_UTF8(int value)
    {
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.TaggedText([]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, ['a', value]));
        Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, [vocabulary.Special]));
        Assert.True(ConstraintWalker.Accepts(constraint, vocabulary, Encoding.UTF8.GetBytes("aé\0").Select(static b => (int)b)));
    }

    [Fact]
    public void An_empty_trigger_is_refused()
        => Assert.Throws<ArgumentException>(() => ConstraintSpec.TaggedText([("", ConstraintSpec.JsonObject)]));

    private static void Check(ConstraintSpec spec, string text, bool expected)
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(1, "<call=get>{\"a\":true}</call>", "</call> <call=put>", "abcabc", text + " padding");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Parse(spec.Text), "structural_tag");
        var random = new Random(text.Length);
        for (int i = 0; i < 10; i++)
        {
            int[] ids = vocabulary.Tokenize(Encoding.UTF8.GetBytes(text), random);
            Assert.True(expected == ConstraintWalker.Accepts(constraint, vocabulary, ids), $"{text} in {ids.Length} tokens");
        }
    }
}
