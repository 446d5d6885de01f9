using System.Text;
using HunyuanOrleans.Text.Answers;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Answers;

/// <summary>Tool calls in the text of a model.</summary>
public sealed class ToolCallParserTests
{
    public static TheoryData<string, string> Written => new()
    {
        { "plain text", "plain text" },
        { "助手：你好", "你好" },
        { "助手", "助手" },
        { "  a  b  ", "  a  b  " },
        { "a <tool", "a <tool" },
        { "a < b", "a < b" },
        { """<tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}}]</tool_calls>""", """[weather]({"city": "Paris"})""" },
        { """<tool_calls>[{"name":"f","arguments":{}},{"name":"g","arguments":{"a":[1,{"b":"}]"}],"c":"\"\\"}}]</tool_calls>""",
            """[f]({})[g]({"a":[1,{"b":"}]"}],"c":"\"\\"})""" },
        { """Let me see. <tool_calls> [ {"arguments": {"x": 1}, "name": "f"} ] </tool_calls>""", """Let me see.[f]({"x": 1})""" },
        { """<tool_calls>[{"name":"f","arguments":"{\"x\": \"\\u4f60\"}"}]</tool_calls> done""", """[f]({"x": "\u4f60"}) done""" },
        { """<tool_calls>[{"name":"f"}]</tool_calls>""", """<tool_calls>[{"name":"f"}]</tool_calls>""" },
        { """<tool_calls>[{"name":"f","arguments":""}]</tool_calls>""", "[f]({})" },
        { """<tool_calls>[{"name":"f","arguments":{}},{"name":"g"}]</tool_calls>""", "[f]({})" },
        { """<tool_calls>[{"name":"f","arguments":{"name":"g","arguments":{"name":"h"}}},{"name":"name","arguments":{}}]</tool_calls>""",
            """[f]({"name":"g","arguments":{"name":"h"}})[name]({})""" },
        { """<tool_calls>[{"name":"f","arguments":{}},{"name":"g","arguments":""},{"name":"h","arguments":{"a":{"b":[]}}}]</tool_calls>""",
            """[f]({})[g]({})[h]({"a":{"b":[]}})""" },
        { """<tool_calls>[{"id":7,"name":"f","extra":null,"arguments":null}]</tool_calls>""", "[f]({})" },
        { """<tool_calls>{"name":"f","arguments":{"a":1}}</tool_calls>""", """[f]({"a":1})""" },
        { """<tool_calls>[{"name":"f","arguments":{"a":1}}]</tool_calls><tool_calls>[{"name":"g","arguments":{}}]</tool_calls>""", """[f]({"a":1})[g]({})""" },
        { "<tool_calls>not a list</tool_calls>", "<tool_calls>not a list</tool_calls>" },
        { "<tool_calls>[", "<tool_calls>[" },
        { "<tool_calls>", "<tool_calls>" },
        { """<tool_calls>[{"name":7}]</tool_calls>""", """<tool_calls>[{"name":7}]</tool_calls>""" },
        { """<tool_calls>[{"name":"f","arguments":{"a":1""", """[f]({"a":1""" },
        { """<tool_calls>[{"name":"f","arguments":{"a":1}""", """[f]({"a":1}""" },
        { """<tool_calls>[{"name":"f","arguments":{}}, {"name":"g","argu""", "[f]({})" },
        { "<tool_calls>[]</tool_calls>", "" },
    };

    [Theory]
    [MemberData(nameof(Written))]
    public void Calls_are_found_wherever_the_text_is_cut(string text, string expected)
    {
        Assert.Equal(expected, Read([text]));
        Assert.Equal(expected, Read([.. text.Select(c => c.ToString())]));
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(expected, Read([text[..cut], text[cut..]]));
        }
    }

    [Fact]
    public void Arguments_are_streamed()
    {
        ToolCallParser reader = new();
        Assert.Empty(reader.Append("<tool_calls>[{\"name\": \"f\", \"argum", last: false));
        Assert.Equal([(AnswerEventKind.CallBegin, "f"), (AnswerEventKind.CallArguments, "{\"a\"")], Kinds(reader.Append("ents\": {\"a\"", last: false)));
        Assert.Equal([(AnswerEventKind.CallArguments, ": 1")], Kinds(reader.Append(": 1", last: false)));
        Assert.Equal([(AnswerEventKind.CallArguments, "}"), (AnswerEventKind.CallEnd, "")], Kinds(reader.Append("}}]", last: false)));
        Assert.Empty(reader.Append("</tool_calls>", last: true));
        Assert.Equal((1, 1), (reader.Calls, reader.CompleteCalls));
    }

    private static (AnswerEventKind, string)[] Kinds(IReadOnlyList<AnswerEvent> events) => [.. events.Select(e => (e.Kind, e.Text))];

    [Theory]
    [InlineData("<tool_calls>[{\"name\": \"f\"", 0, "")]
    [InlineData("<tool_", 0, "")]
    [InlineData("<tool_calls>[{\"name\": \"f\", \"arguments\": {\"a\": 1", 0, "[f]({\"a\": 1")]
    [InlineData("<tool_calls>[{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"g\", \"arguments\": {\"a\"", 1, "[f]({})[g]({\"a\"")]
    public void Where_calls_are_mandatory_their_markup_is_never_content(string text, int complete, string expected)
    {
        ToolCallParser parser = new(callsOnly: true);
        Assert.Equal(expected, Read([text], parser));
        Assert.Equal(complete, parser.CompleteCalls);
    }

    /// <summary>Formats what the reader returns: text as it is, calls as [name](arguments), without the last bracket where they are incomplete.</summary>
    private static string Read(string[] pieces, ToolCallParser? parser = null)
    {
        parser ??= new ToolCallParser();
        StringBuilder result = new();
        for (int i = 0; i < pieces.Length; i++)
        {
            foreach (AnswerEvent change in parser.Append(pieces[i], last: i == pieces.Length - 1))
            {
                result.Append(change.Kind switch
                {
                    AnswerEventKind.CallBegin => $"[{change.Text}](",
                    AnswerEventKind.CallEnd => ")",
                    _ => change.Text,
                });
            }
        }

        return result.ToString();
    }
}
