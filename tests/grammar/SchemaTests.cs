using System.Text;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

public sealed class SchemaTests
{
    [Theory]
    [MemberData(nameof(SchemaCases.Numbers), MemberType = typeof(SchemaCases))]
    public void Acceptance_does_not_depend_on_how_a_document_is_tokenized(int number)
    {
        (string schema, string[] valid, string[] invalid) = SchemaCases.All[number];
        var random = new Random(number);
        TestVocabulary vocabulary = TestVocabulary.Pieces(number, [.. valid, .. invalid.Append(schema)]);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema));
        var validator = new JsonSchemaValidator(schema);
        foreach (string document in valid)
        {
            Assert.True(validator.IsValid(JsonDocument.Parse(document).RootElement), document);
            for (int i = 0; i < 10; i++)
            {
                int[] ids = vocabulary.Tokenize(Encoding.UTF8.GetBytes(document), random);
                Assert.True(ConstraintWalker.Accepts(constraint, vocabulary, ids), $"{document} in {ids.Length} tokens");
            }
        }

        foreach (string document in invalid)
        {
            for (int i = 0; i < 10; i++)
            {
                Assert.False(ConstraintWalker.Accepts(constraint, vocabulary, vocabulary.Tokenize(Encoding.UTF8.GetBytes(document), random)), document);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SchemaCases.Numbers), MemberType = typeof(SchemaCases))]
    public void Every_generated_document_is_valid(int number)
    {
        (string schema, string[] valid, _) = SchemaCases.All[number];
        TestVocabulary vocabulary = TestVocabulary.Pieces(number + 100, valid);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema));
        var validator = new JsonSchemaValidator(schema);
        for (int seed = 0; seed < 60; seed++)
        {
            byte[] text = ConstraintWalker.Generate(vocabulary, constraint, seed, steps: seed);
            string shown = new UTF8Encoding(false, true).GetString(text);
            using JsonDocument document = Parse(shown);
            Assert.True(validator.IsValid(document.RootElement), shown);
        }
    }

    [Theory]
    [InlineData("pattern", "^a+$", "aa")]
    [InlineData("pattern", "^[$]\\\\$|b$", "$\\")]
    [InlineData("pattern", "\\$$", "a$")]
    [InlineData("format", "date", "2024-12-01")]
    [InlineData("format", "date-time", "1999-12-31T00:00:00+02:30")]
    [InlineData("format", "duration", "PT5M")]
    [InlineData("format", "email", "a.b@example")]
    [InlineData("format", "hostname", "example.org")]
    [InlineData("format", "ipv4", "255.0.10.199")]
    [InlineData("format", "ipv6", "::1")]
    [InlineData("format", "time", "12:30:00Z")]
    [InlineData("format", "uri", "http://example.org/a")]
    [InlineData("format", "uuid", "123e4567-e89b-12d3-a456-426614174000")]
    public void The_validator_rejects_a_final_line_break(string keyword, string value, string text)
    {
        var validator = new JsonSchemaValidator($"{{\"{keyword}\":{JsonSerializer.Serialize(value)}}}");
        Assert.True(validator.IsValid(JsonSerializer.SerializeToElement(text)));
        Assert.False(validator.IsValid(JsonSerializer.SerializeToElement(text + "\n")));
    }

    [Fact]
    public void Every_document_generated_for_json_object_is_an_object()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(1, "{\"a\": [1, {\"b\": null}]}");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonObject);
        for (int seed = 0; seed < 100; seed++)
        {
            string text = Encoding.UTF8.GetString(ConstraintWalker.Generate(vocabulary, constraint, seed, steps: 2 * seed));
            using JsonDocument document = Parse(text);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
    }

    [Fact]
    public void White_space_is_bounded()
    {
        TestVocabulary vocabulary = TestVocabulary.Bytes();
        ConstraintState state = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema("""{"type":"object","properties":{"a":{"type":"array"}}}""")).CreateState();
        foreach (char c in "{\n")
        {
            state.Advance(c);
        }

        int spaces = 0;
        while (state.AllowedTokens.Allows(' '))
        {
            state.Advance(' ');
            spaces++;
        }

        Assert.InRange(spaces, 8, 64);
    }

    private static JsonDocument Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1000 });
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{e.Message} {text}");
        }
    }
}
