using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

public sealed class ConstraintSpecTests
{
    [Fact]
    public void An_error_names_the_parameter_of_the_part()
    {
        ConstraintSpec spec = ConstraintSpec.Sequence(
            ConstraintSpec.ForParameter("a[0]", ConstraintSpec.JsonSchema("true")), ConstraintSpec.ForParameter("a[1]", ConstraintSpec.JsonSchema("""{"not":{}}""")));
        ConstraintException error = Assert.Throws<ConstraintException>(() => TestVocabulary.Bytes().Compiler.Compile(spec, "tools"));
        Assert.Equal("a[1]", error.Parameter);
        Assert.StartsWith("a[1]: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"not\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_can_be_parsed_from_its_text()
    {
        ConstraintSpec spec = ConstraintSpec.Sequence(
            ConstraintSpec.SpecialToken(257),
            ConstraintSpec.Repeat(ConstraintSpec.OneOf(ConstraintSpec.Literal("a:1b"), ConstraintSpec.JsonObject, ConstraintSpec.Regex("x*")), 0, null),
            ConstraintSpec.Repeat(ConstraintSpec.ForParameter("a[0]", ConstraintSpec.JsonSchema("true")), 1, 20),
            ConstraintSpec.TaggedText([("<a", ConstraintSpec.Grammar("root ::= [x]")), ("n:o", ConstraintSpec.OneOf())]),
            ConstraintSpec.TaggedText([("l1:", ConstraintSpec.AnyNumbers(ConstraintSpec.JsonSchema("true")))], single: true),
            ConstraintSpec.Sequence(ConstraintSpec.Literal("u"), ConstraintSpec.Until("</é>")),
            ConstraintSpec.Choice("é", ""));
        Assert.Equal(spec.Text, ConstraintSpec.Parse(spec.Text).Text);
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        Constraint constraint = vocabulary.Compiler.Compile(spec, "tools");
        Assert.Same(constraint, vocabulary.Compiler.Compile(ConstraintSpec.Parse(constraint.Spec.Text), constraint.Parameter));
        for (int length = 0; length < spec.Text.Length; length++)
        {
            Assert.Throws<FormatException>(() => ConstraintSpec.Parse(spec.Text[..length]));
        }

        foreach (string text in (string[])["", "z", "l-1:a", "l99999999999:a", "jj", "x3,2:j", "x1:j", "p1:", "p1:jj", "p1:l0:j", "w", "u0:", "u65:" + new string('a', 65), new string('x', 9), string.Concat(Enumerable.Repeat("q1:", 200)) + "j"])
        {
            Assert.Throws<FormatException>(() => ConstraintSpec.Parse(text));
        }
    }
}
