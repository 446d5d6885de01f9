using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Answers;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Answers;

/// <summary>Tool calls of models of type hy_v3. What vLLM's rules give is recorded in tests/data/hy_v3/chat.json.</summary>
public sealed class TaggedToolCallParserTests
{
    private static readonly HyV3Marks Marks = new("");

    private static readonly JsonElement Data = Read();

    public static TheoryData<string> Names() =>
        [.. Data.GetProperty("tool_call_parsing").EnumerateArray().Select(static c => c.GetProperty("name").GetString()!)];

    public static TheoryData<string, string> Written => new()
    {
        { "plain <tool text", "plain <tool text" },
        { "a <tool_calls", "a <tool_calls" },
        { "<tool_calls>", "<tool_calls>" },
        { "<tool_calls>\nnothing</tool_calls>", "<tool_calls>\nnothing</tool_calls>" },
        { "<tool_calls><tool_call>f", "<tool_calls><tool_call>f" },
        { "x<tool_calls><tool_call> f <tool_sep></tool_call></tool_calls> after", "x[f]({})" },
        { "<tool_calls><tool_call>f<tool_sep>", "[f]({})" },
        { "<tool_calls><tool_call>f<tool_sep><tool_call>g<tool_sep></tool_calls>", "[f]({})[g]({})" },
        { "<tool_calls><tool_call>f<tool_sep><arg_key>a</arg_key><arg_value>1", "[f]({}" },
        { "<tool_calls><tool_call>f<tool_sep><arg_key>a</arg_key><arg_value>1</arg_value><arg_key>b", "[f]({\"a\": \"1\"}" },
        { "<tool_calls><tool_call>f<tool_sep><arg_key>a</arg_key><arg_key>b</arg_key><arg_value></arg_value></tool_call>", "[f]({\"b\": \"\"})" },
        { "<tool_calls><tool_call>f<tool_sep><arg_key>a</arg_key><arg_value>1</arg_value><arg_key>a</arg_key><arg_value>2</arg_value></tool_call>", "[f]({\"a\": \"1\"})" },
        { "<tool_calls><tool_call>broken</tool_call><tool_call>f<tool_sep></tool_call></tool_calls>", "[f]({})" },
        { "<tool_calls><tool_call>f<tool_sep><arg_key>q\"</arg_key><arg_value> \\ \"\n</arg_value></tool_call>", "[f]({\"q\\\"\": \" \\\\ \\\"\\n\"})" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Calls_and_content_are_those_of_the_published_rules(string name)
    {
        JsonElement item = Data.GetProperty("tool_call_parsing").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        string output = item.GetProperty("output").GetString()!;
        for (int cut = 0; cut <= output.Length; cut++)
        {
            TaggedToolCallParser parser = new(new HyV3Marks(":opensource"), Parameters);
            List<AnswerEvent> events = [.. parser.Append(output[..cut], last: false)];
            events.AddRange(parser.Append(output[cut..], last: true));
            string content = string.Concat(events.Where(static e => e.Kind == AnswerEventKind.Content).Select(static e => e.Text));
            Assert.Equal(item.GetProperty("content").GetString() ?? "", content);
            JsonArray calls = [];
            foreach (AnswerEvent begin in events.Where(static e => e.Kind == AnswerEventKind.CallBegin))
            {
                string arguments = string.Concat(events.Where(e => e.Kind == AnswerEventKind.CallArguments && e.Call == begin.Call).Select(static e => e.Text));
                calls.Add(new JsonObject { ["name"] = begin.Text, ["arguments"] = JsonNode.Parse(arguments) });
            }

            JsonElement expected = item.GetProperty("tool_calls");
            Assert.True(expected.ValueKind == JsonValueKind.Null ? calls.Count == 0 : JsonNode.DeepEquals(JsonNode.Parse(expected.GetRawText()), calls), calls.ToJsonString());
            Assert.Equal(calls.Count, parser.CompleteCalls);
        }
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void Calls_are_found_wherever_the_text_is_cut(string text, string expected)
    {
        Assert.Equal(expected, Read([text]));
        Assert.Equal(expected, Read([.. text.Select(static c => c.ToString())]));
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(expected, Read([text[..cut], text[cut..]]));
        }
    }

    [Fact]
    public void Arguments_arrive_one_by_one()
    {
        TaggedToolCallParser parser = new(Marks, Parameters);
        Assert.Equal([(AnswerEventKind.CallBegin, "get_weather")], Kinds(parser.Append("<tool_calls>\n<tool_call>get_weather<tool_sep>\n", last: false)));
        Assert.Equal(
            [(AnswerEventKind.CallArguments, "{\"days\": 2")],
            Kinds(parser.Append("<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n<arg_key>ci", last: false)));
        Assert.Equal([(AnswerEventKind.CallArguments, ", \"city\": \"x\"")], Kinds(parser.Append("ty</arg_key>\n<arg_value>x</arg_value>", last: false)));
        Assert.Equal([(AnswerEventKind.CallArguments, "}"), (AnswerEventKind.CallEnd, "")], Kinds(parser.Append("</tool_call>", last: false)));
        Assert.Empty(parser.Append("\n</tool_calls>", last: true));
    }

    [Fact]
    public void Further_calls_and_content_are_left_out_if_asked()
    {
        TaggedToolCallParser parser = new(Marks, Parameters, maxCalls: 1, callsOnly: true);
        Assert.Equal(
            [(AnswerEventKind.CallBegin, "f"), (AnswerEventKind.CallArguments, "{}"), (AnswerEventKind.CallEnd, "")],
            Kinds(parser.Append("text<tool_calls><tool_call>f<tool_sep></tool_call><tool_call>g<tool_sep></tool_call></tool_calls>", last: true)));
        Assert.Equal(1, parser.CompleteCalls);
    }

    [Fact]
    public void Half_a_surrogate_pair_and_endless_numbers_do_no_harm()
    {
        Assert.Equal("\"\ufffd\"", ToolArgument.Quote("\ud800"));
        JsonElement parameters = JsonElement.Parse("""{"properties": {"n": {"type": "integer"}}}""");
        string digits = new('7', 100_000);
        Assert.Equal($"\"{digits}\"", ToolArgument.ToJson(digits, parameters, "n"));
    }

    [Fact]
    public void Long_values_take_linear_time()
    {
        TaggedToolCallParser parser = new(Marks, Parameters);
        parser.Append("<tool_calls><tool_call>f<tool_sep><arg_key>a</arg_key><arg_value>", last: false);
        for (int i = 0; i < 300_000; i++)
        {
            Assert.Empty(parser.Append("abcd", last: false));
        }

        Assert.Equal(1_200_000 + "{\"a\": \"\"".Length, parser.Append("</arg_value>", last: false).Single().Text.Length);
    }

    [Theory]
    [InlineData("""{"type": "boolean"}""", "FALSE", "false")]
    [InlineData("""{"type": "boolean"}""", "yes", "\"yes\"")]
    [InlineData("""{"type": "int"}""", " 12 ", "12")]
    [InlineData("""{"type": "integer"}""", "123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("""{"type": "integer"}""", "1.5", "1.5")]
    [InlineData("""{"type": "float"}""", "2", "2")]
    [InlineData("""{"type": "number"}""", "1e999", "\"1e999\"")]
    [InlineData("""{"type": ["null", "number"]}""", "-0.5", "-0.5")]
    [InlineData("""{"anyOf": [{"type": "integer"}, {"type": "null"}]}""", "7", "7")]
    [InlineData("""{"oneOf": [{"type": "boolean"}, {"type": "string"}]}""", "seven", "\"seven\"")]
    [InlineData("""{"$ref": "#/$defs/Point"}""", """{"x": 1}""", """{"x": 1}""")]
    [InlineData("""{"$ref": "#/properties/value"}""", "1", "\"1\"")]
    [InlineData("""{"type": "dict"}""", "not json", "\"not json\"")]
    [InlineData("""{"enum": ["a", "1"]}""", "1", "\"1\"")]
    [InlineData("true", "1", "\"1\"")]
    public void The_schema_decides_the_type_of_a_value(string schema, string text, string json)
    {
        JsonElement parameters = JsonElement.Parse(
            "{\"type\": \"object\", \"properties\": {\"value\": " + schema + "}, \"$defs\": {\"Point\": {\"type\": \"object\"}}}");
        Assert.Equal(json, ToolArgument.ToJson(text, parameters, "value"));
    }

    private static (AnswerEventKind, string)[] Kinds(IReadOnlyList<AnswerEvent> events) => [.. events.Select(static e => (e.Kind, e.Text))];

    // Calls as [name](arguments); a call without its end has no closing parenthesis.
    private static string Read(string[] pieces)
    {
        TaggedToolCallParser parser = new(Marks, static _ => null);
        StringBuilder result = new();
        for (int i = 0; i < pieces.Length; i++)
        {
            foreach (AnswerEvent part in parser.Append(pieces[i], last: i == pieces.Length - 1))
            {
                result.Append(part.Kind switch
                {
                    AnswerEventKind.CallBegin => $"[{part.Text}](",
                    AnswerEventKind.CallEnd => ")",
                    _ => part.Text,
                });
            }
        }

        return result.ToString();
    }

    private static JsonElement? Parameters(string name)
    {
        foreach (JsonElement tool in Data.GetProperty("tools").EnumerateArray())
        {
            JsonElement function = tool.GetProperty("function");
            if (function.GetProperty("name").GetString() == name)
            {
                return function.GetProperty("parameters");
            }
        }

        return null;
    }

    private static JsonElement Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Data, "hy_v3", "chat.json")));
        return document.RootElement.Clone();
    }
}
