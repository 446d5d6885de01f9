using System.Text;
using HunyuanOrleans.Grammar;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>What cannot be followed is refused by name, and what would eat the machine within bounds.</summary>
public sealed class RefusalTests
{
    private static readonly TestVocabulary Vocabulary = TestVocabulary.Pieces(1, "{\"a\":1}", "aaaaaaa");

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"type":"object","type":"array"}""", "not valid JSON")]
    [InlineData("3", "the top")]
    [InlineData("""{"properties":{"a":3}}""", "/properties/a")]
    [InlineData("""{"properties":{"a/b":{"items":{"not":{}}}}}""", "\"not\" at /properties/a~1b/items")]
    [InlineData("""{"patternProperties":{}}""", "\"patternProperties\" at the top is not supported; supported are")]
    [InlineData("""{"if":{}}""", "\"if\"")]
    [InlineData("""{"uniqueItems":true}""", "\"uniqueItems\"")]
    [InlineData("""{"minProperties":1}""", "\"minProperties\"")]
    [InlineData("""{"type":"text"}""", "\"text\"")]
    [InlineData("""{"type":3}""", "\"type\"")]
    [InlineData("""{"type":"string","format":"color"}""", "\"color\"")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "The pattern at /pattern looks ahead")]
    [InlineData("""{"type":"string","minLength":-1}""", "minLength")]
    [InlineData("""{"type":"string","maxLength":99999999}""", "maxLength")]
    [InlineData("""{"type":"array","maxItems":1e9}""", "maxItems")]
    [InlineData("""{"type":"number","minimum":"1"}""", "minimum")]
    [InlineData("""{"type":"number","minimum":1e5000}""", "minimum")]
    [InlineData("""{"type":"number","multipleOf":0}""", "multipleOf")]
    [InlineData("""{"$ref":"other.json"}""", "$ref")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "#/$defs/x, which is not there")]
    [InlineData("""{"properties":{"a":{"type":"string"}},"required":["b"],"additionalProperties":false}""", "\"b\"")]
    [InlineData("""{"enum":["a"],"minLength":3}""", "minLength")]
    [InlineData("""{"$ref":"#"}""", "Nothing can satisfy")]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"null"}]}""", "refers to itself")]
    [InlineData("""{"allOf":[{"$ref":"#"},{"type":"null"}]}""", "nested more than")]
    [InlineData("""{"properties":{"a":{"$ref":"#"}},"required":["a"]}""", "Nothing can satisfy")]
    [InlineData("""{"enum":[]}""", "Nothing can satisfy")]
    [InlineData("false", "Nothing can satisfy")]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""", "Nothing can satisfy")]
    [InlineData("""{"type":"array","minItems":3,"maxItems":2}""", "Nothing can satisfy")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"integer"}]}""", "Nothing can satisfy")]
    public void A_schema_that_cannot_be_followed_is_refused(string schema, string message)
    {
        ConstraintException error = Assert.Throws<ConstraintException>(() => Vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema)));
        Assert.Equal("response_format", error.Parameter);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Hostile()
    {
        TheoryData<string, string> cases = [];
        cases.Add("regex", "(((a{1000}){1000}){1000}){1000}");
        cases.Add("regex", "((){1000}){1000}");
        cases.Add("regex", "(a|b)*a(a|b){400}");
        cases.Add("regex", "(.*a){300}.*b");
        cases.Add("regex", "([ab]*a[ab]{12}){40}");
        cases.Add("regex", new string('(', 100) + new string(')', 100));
        cases.Add("regex", new string('a', 20_000));
        cases.Add("regex", string.Concat(Enumerable.Repeat("a?", 2000)) + new string('a', 2000));
        cases.Add("schema", string.Concat(Enumerable.Repeat("""{"items":""", 100)) + "{}" + new string('}', 100));
        cases.Add("schema", "{\"enum\":[" + string.Join(',', Enumerable.Range(0, 60_000).Select(static i => $"\"value {i}\"")) + "]}");
        cases.Add("schema", "{\"properties\":{" + string.Join(',', Enumerable.Range(0, 30_000).Select(static i => $"\"p{i}\":{{}}")) + "}}");
        cases.Add("schema", Chain(25, static i => $$"""{"anyOf":[{"allOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"minLength":{{i}}}]},{"allOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"maxLength":{{i + 50}}}]}]}"""));
        cases.Add("schema", Chain(2000, static i => $$"""{"items":{"$ref":"#/$defs/d{{i + 1}}"},"minItems":1}"""));
        cases.Add("schema", Chain(60, static i => $$"""{"prefixItems":[{"$ref":"#/$defs/d{{i + 1}}"},{"$ref":"#/$defs/d{{i + 1}}"}],"minItems":2}"""));
        cases.Add("schema", """{"type":"string","pattern":"(a|b)*a(a|b){14}","maxLength":100000}""");
        cases.Add("schema", "{\"anyOf\":[" + string.Join(',', Enumerable.Range(0, 1000).Select(static i => $$"""{"type":"string","pattern":"a.{{{i}}}b{{i}}"}""")) + "]}");
        cases.Add("schema", "{\"type\":\"object\",\"properties\":{" + string.Join(',', Enumerable.Range(0, 3000).Select(static i => $"\"p{i}\":{{\"type\":\"integer\"}}")) + "}}");
        return cases;

        static string Chain(int count, Func<int, string> part)
            => $$"""{"$ref":"#/$defs/d0","$defs":{""" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"d{i}\":{part(i)}")) + $",\"d{count}\":{{\"type\":\"string\"}}}}}}";
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_input_ends_in_an_error_or_in_an_answer_within_bounds(string kind, string text)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Constraint constraint = Vocabulary.Compiler.Compile(kind == "regex" ? ConstraintSpec.Regex(text) : ConstraintSpec.JsonSchema(text));
            for (int seed = 0; seed < 3; seed++)
            {
                ConstraintState state = constraint.Begin();
                var random = new Random(seed);
                for (int i = 0; i < 60 && !state.IsFinished; i++)
                {
                    ReadOnlyMemory<ulong> mask = state.AllowedTokens;
                    int[] allowed = [.. Enumerable.Range(0, Vocabulary.Size).Where(id => mask.Allows(id))];
                    Assert.NotEmpty(allowed);
                    state.Advance(allowed[random.Next(allowed.Length)]);
                }
            }
        }
        catch (ConstraintException error)
        {
            Assert.NotEmpty(error.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4L << 30);
    }

    [Fact]
    public void A_spec_is_compiled_once_and_old_ones_are_forgotten()
    {
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        Constraint first = vocabulary.Compiler.Compile(ConstraintSpec.Regex("a0"));
        Assert.Same(first, vocabulary.Compiler.Compile(ConstraintSpec.Regex("a0")));
        Assert.NotSame(first, vocabulary.Compiler.Compile(ConstraintSpec.Literal("a0")));
        Assert.NotSame(vocabulary.Compiler.Compile(ConstraintSpec.Sequence(ConstraintSpec.Literal("a"), ConstraintSpec.Literal("bc"))),
            vocabulary.Compiler.Compile(ConstraintSpec.Sequence(ConstraintSpec.Literal("ab"), ConstraintSpec.Literal("c"))));
        for (int i = 1; i < 300; i++)
        {
            vocabulary.Compiler.Compile(ConstraintSpec.Regex($"a{i}"));
        }

        Assert.NotSame(first, vocabulary.Compiler.Compile(ConstraintSpec.Regex("a0")));
        Assert.True(Walker.Accepts(first, vocabulary, Encoding.UTF8.GetBytes("a0").Select(static value => (int)value)));
    }

    [Fact]
    public void An_error_in_a_named_part_names_it()
    {
        ConstraintSpec spec = ConstraintSpec.Sequence(
            ConstraintSpec.Named("a[0]", ConstraintSpec.JsonSchema("true")), ConstraintSpec.Named("a[1]", ConstraintSpec.JsonSchema("""{"not":{}}""")));
        ConstraintException error = Assert.Throws<ConstraintException>(() => TestVocabulary.Bytes().Compiler.Compile(spec, "tools"));
        Assert.Equal("a[1]", error.Parameter);
        Assert.StartsWith("a[1]: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"not\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_is_found_once_it_is_compiled()
    {
        ConstraintCompiler compiler = TestVocabulary.Bytes().Compiler;
        Assert.Null(compiler.Find(ConstraintSpec.Json));
        Constraint constraint = compiler.Compile(ConstraintSpec.Json);
        Assert.Same(constraint, compiler.Find(ConstraintSpec.Json));
        Assert.Null(compiler.Find(ConstraintSpec.Json, "tools"));
        Assert.Throws<ConstraintException>(() => compiler.Compile(ConstraintSpec.Regex("(")));
        Assert.Null(compiler.Find(ConstraintSpec.Regex("(")));
    }

    [Fact]
    public void A_spec_can_be_read_back_from_its_text()
    {
        ConstraintSpec spec = ConstraintSpec.Sequence(
            ConstraintSpec.Special(257),
            ConstraintSpec.Repeat(ConstraintSpec.OneOf(ConstraintSpec.Literal("a:1b"), ConstraintSpec.Json, ConstraintSpec.Regex("x*")), 0, null),
            ConstraintSpec.Repeat(ConstraintSpec.Named("a[0]", ConstraintSpec.JsonSchema("true")), 1, 20),
            ConstraintSpec.Choice("é", ""));
        Assert.Equal(spec.Text, ConstraintSpec.Parse(spec.Text).Text);
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        Constraint constraint = vocabulary.Compiler.Compile(spec, "tools");
        Assert.Same(constraint, vocabulary.Compiler.Compile(ConstraintSpec.Parse(constraint.Spec.Text), constraint.Parameter));
        for (int length = 0; length < spec.Text.Length; length++)
        {
            Assert.Throws<FormatException>(() => ConstraintSpec.Parse(spec.Text[..length]));
        }

        foreach (string text in (string[])["", "z", "l-1:a", "l99999999999:a", "jj", "x3,2:j", "x1:j", new string('x', 9), string.Concat(Enumerable.Repeat("q1:", 200)) + "j"])
        {
            Assert.Throws<FormatException>(() => ConstraintSpec.Parse(text));
        }
    }
}
