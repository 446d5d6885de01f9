using System.Text;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>What schemas mean beyond the specification: OpenAPI's nullable, limits of numbers, many optional properties.</summary>
public sealed class SchemaExtensionTests
{
    [Theory]
    [InlineData("""{"type":"string","nullable":true,"maxLength":2}""", "\"ab\",null", "\"abc\",1")]
    [InlineData("""{"type":"string","nullable":false}""", "\"ab\"", "null")]
    [InlineData("""{"type":"string","nullable":"yes"}""", "\"ab\"", "null")]
    [InlineData("""{"type":["integer","null"],"nullable":true}""", "1,null", "\"\"")]
    [InlineData("""{"type":"string","enum":["a"],"nullable":true}""", "\"a\",null", "\"b\"")]
    [InlineData("""{"enum":["a"],"nullable":true}""", "\"a\",null", "\"b\"")]
    [InlineData("""{"const":"a","type":"string","nullable":true}""", "\"a\",null", "\"b\"")]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/a"}],"nullable":true,"$defs":{"a":{"type":"boolean"}}}""", "true,null", "1")]
    [InlineData("""{"allOf":[{"type":"string","nullable":true},{"type":"string"}]}""", "\"a\"", "null")]
    [InlineData("""{"allOf":[{"type":"string","nullable":true},{"maxLength":1,"nullable":true,"type":"string"}]}""", "\"a\",null", "\"ab\"")]
    [InlineData("""{"anyOf":[{"type":"integer","nullable":true},{"type":"boolean"}]}""", "3,null,true", "\"a\"")]
    [InlineData("""{"$ref":"#/$defs/a","nullable":true,"$defs":{"a":{"type":"array","items":{"nullable":true,"type":"integer"}}}}""", "null,[1,null]", "[true]")]
    public void Nullable_allows_null(string schema, string valid, string invalid)
    {
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema));
        foreach ((string values, bool expected) in ((string, bool)[])[(valid, true), (invalid, false)])
        {
            foreach (JsonElement value in JsonDocument.Parse($"[{values}]").RootElement.EnumerateArray())
            {
                Assert.True(expected == Accepts(constraint, vocabulary, value.GetRawText()), value.GetRawText());
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"integer"}""", "123456789012345678901234567890")]
    [InlineData("""{"type":"integer","minimum":1}""", "123456789012345678901234567890")]
    [InlineData("""{"type":"integer","multipleOf":5}""", "-123456789012345678901234567890")]
    [InlineData("""{"type":"number"}""", "-123456789012345678901234567890.123456789012345678901234567890e+1000")]
    [InlineData("""{"type":"number","minimum":0.5}""", "123456789012345678901234567890.123456789012345678901234567890")]
    [InlineData("""{"type":"number","maximum":1}""", "1.000000000000000000000000000000")]
    [InlineData("true", "[123456789012345678901234567890]")]
    public void Numbers_are_limited_unless_any_are_allowed(string schema, string document)
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(1, document);
        ConstraintSpec spec = ConstraintSpec.JsonSchema(schema);
        Assert.False(Accepts(vocabulary.Compiler.Compile(spec), vocabulary, document));
        Assert.True(Accepts(vocabulary.Compiler.Compile(ConstraintSpec.AnyNumbers(spec)), vocabulary, document));
    }

    [Fact]
    public void A_fraction_has_a_digit_with_and_without_limits()
    {
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        ConstraintSpec spec = ConstraintSpec.JsonSchema("""{"type":"number","minimum":1,"maximum":9}""");
        foreach (Constraint constraint in (Constraint[])[vocabulary.Compiler.Compile(spec), vocabulary.Compiler.Compile(ConstraintSpec.AnyNumbers(spec))])
        {
            Assert.All((string[])["1", "1.0", "8.5", "9.00"], text => Assert.True(Accepts(constraint, vocabulary, text), text));
            Assert.All((string[])["1.", "8.", "9.", "9.01", "0.9"], text => Assert.False(Accepts(constraint, vocabulary, text), text));
        }
    }

    [Theory]
    [InlineData(200, "p", "")]
    [InlineData(200, "a_property_with_a_long_common_prefix_", "")]
    [InlineData(300, "property_", ",\"additionalProperties\":{\"type\":\"boolean\"}")]
    public void Hundreds_of_optional_properties_compile(int count, string prefix, string more)
    {
        string schema = "{\"type\":\"object\",\"properties\":{"
            + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{prefix}{i}\":{{\"type\":\"{(i % 2 == 0 ? "integer" : "string")}\"}}"))
            + $"}}{more}}}";
        TestVocabulary vocabulary = TestVocabulary.Pieces(count, $"{{\"{prefix}17\": 5, \"{prefix}18\":7,\n  \"{prefix}19\":\"x\"}}");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema));
        foreach ((string document, bool expected) in ((string, bool)[])
            [
                ("{}", true),
                ($"{{\"{prefix}{count - 1}\":\"x\"}}", true),
                ($"{{\"{prefix}0\":1, \"{prefix}7\":\"x\",\n  \"{prefix}10\": 3,\n\t\"{prefix}{count - 2}\":4 }}", true),
                ("{" + string.Join(", ", Enumerable.Range(0, count).Select(i => $"\"{prefix}{i}\": {(i % 2 == 0 ? "1" : "\"x\"")}")) + "}", true),
                ($"{{\"{prefix}7\":\"x\",\"{prefix}0\":1}}", false),
                ($"{{\"{prefix}7\":1}}", false),
                ($"{{\"{prefix}7\":\"x\",}}", false),
                ($"{{\"{prefix}{count}\":1}}", false),
            ])
        {
            Assert.True(expected == Accepts(constraint, vocabulary, document), document);
        }

        var validator = new JsonSchemaValidator(schema);
        for (int seed = 0; seed < 10; seed++)
        {
            byte[] text = ConstraintWalker.Generate(vocabulary, constraint, seed, steps: 20 * seed);
            Assert.True(validator.IsValid(JsonDocument.Parse(text).RootElement), Encoding.UTF8.GetString(text));
        }
    }

    private static bool Accepts(Constraint constraint, TestVocabulary vocabulary, string text)
        => ConstraintWalker.Accepts(constraint, vocabulary, vocabulary.Tokenize(Encoding.UTF8.GetBytes(text), new Random(text.Length)));
}
