using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Invalid and unsupported schemas are rejected with the place of the problem; hostile ones stay within bounded memory.</summary>
public sealed class InvalidConstraintTests
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
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "The pattern at /pattern looks ahead")]
    [InlineData("""{"type":"string","minLength":-1}""", "minLength")]
    [InlineData("""{"type":"string","maxLength":99999999}""", "maxLength")]
    [InlineData("""{"type":"array","maxItems":1e9}""", "maxItems")]
    [InlineData("""{"type":"number","minimum":"1"}""", "minimum")]
    [InlineData("""{"type":"number","minimum":1e5000}""", "minimum")]
    [InlineData("""{"type":"number","multipleOf":0}""", "multipleOf")]
    [InlineData("""{"$ref":"other.json"}""", "$ref")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "#/$defs/x, which does not exist")]
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
    public void An_invalid_or_unsupported_schema_is_rejected(string schema, string message)
    {
        ConstraintException error = Assert.Throws<ConstraintException>(() => Vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema)));
        Assert.Equal("response_format", error.Parameter);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> HostileInput()
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
    [MemberData(nameof(HostileInput))]
    public void Hostile_input_is_rejected_or_followed_within_bounded_memory(string kind, string text)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Constraint constraint = Vocabulary.Compiler.Compile(kind == "regex" ? ConstraintSpec.Regex(text) : ConstraintSpec.JsonSchema(text));
            for (int seed = 0; seed < 3; seed++)
            {
                ConstraintState state = constraint.CreateState();
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
}
