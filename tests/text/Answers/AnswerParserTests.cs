using System.Text;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Templates;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Answers;

/// <summary>Reasoning, text and calls in the answers of models that think.</summary>
public sealed class AnswerParserTests
{
    public static TheoryData<string, ReasoningStart, string, string> Written => new()
    {
        { "hunyuan", ReasoningStart.Unknown, "<think>\nWell.\nYes.\n</think>\n<answer>\n4\n</answer>", "{Well.\nYes.}4" },
        { "hunyuan", ReasoningStart.Unknown, "<think>\n\n</think>\n<answer>\nfast\n</answer>", "fast" },
        { "hunyuan", ReasoningStart.Unknown, "no thought", "no thought" },
        { "hunyuan", ReasoningStart.Unknown, "<answer>\nonly\n</answer>", "only" },
        { "hunyuan", ReasoningStart.Unknown, "\n <answer>\nonly\n</answer>", "only" },
        { "hunyuan", ReasoningStart.Unknown, " of France", " of France" },
        { "hunyuan", ReasoningStart.Unknown, "\n\n    x = 1\n", "\n\n    x = 1\n" },
        { "hunyuan", ReasoningStart.Unknown, " <b> ", " <b> " },
        { "hunyuan", ReasoningStart.Unknown, " <answ", " <answ" },
        { "hunyuan", ReasoningStart.Unknown, " \n", " \n" },
        { "hunyuan", ReasoningStart.Unknown, " <think>\na\n</think>\n b", "{a}b" },
        { "hunyuan", ReasoningStart.Unknown, "<think>\ncut off", "{cut off}" },
        { "hunyuan", ReasoningStart.Unknown, "<think>\ncut off\n</thi", "{cut off\n</thi}" },
        { "hunyuan", ReasoningStart.Unknown, "<thi", "<thi" },
        { "hunyuan", ReasoningStart.Unknown, "<think>a</think>b", "{a}b" },
        { "hunyuan", ReasoningStart.Unknown, "<think>\na < b </thin > c\n</think>\n\n<answer>\n\nx <b> y\n\n</answer>\n", "{a < b </thin > c}x <b> y" },
        { "hunyuan", ReasoningStart.Unknown, "<think>\na\n</think>\n<answer>\ncut\n", "{a}cut\n" },
        { "hunyuan", ReasoningStart.Unknown, "<think>\na\n</think>\n<answ", "{a}<answ" },
        { "hunyuan", ReasoningStart.Unknown, "<think>a<think>b</think>c", "{a<think>b}c" },
        { "hunyuan", ReasoningStart.After, "<answer>\nquick\n</answer>", "quick" },
        { "hunyuan", ReasoningStart.After, "quick", "quick" },
        { "hunyuan", ReasoningStart.Unknown,
            "<think>\n<tool_calls>[no]\n</think>\n<answer>\n<tool_calls>[{\"name\": \"f\", \"arguments\": {}}]</tool_calls>\n</answer>", "{<tool_calls>[no]}[f]({})" },
        { "hunyuan", ReasoningStart.Unknown,
            "<think>\na\n</think>\n<answer>\n助手：Look.\n</answer>\n<tool_calls>[{\"name\": \"f\", \"arguments\": {}}]</tool_calls>", "{a}Look.[f]({})" },
        { "hy_v3", ReasoningStart.Inside, " so</think> yes ", "{ so} yes " },
        { "hy_v3", ReasoningStart.Inside, "never ends", "{never ends}" },
        { "hy_v3", ReasoningStart.After, "\nyes", "\nyes" },
        { "hunyuan", ReasoningStart.Inside, "\r\n\nmore\n</think>\n<answer>\nyes", "{more}yes" },
        { "hunyuan", ReasoningStart.Continued, "\n\nmore\n</think>\n<answer>\nyes", "{\n\nmore}yes" },
        { "hunyuan", ReasoningStart.Continued, "\n</think>\nyes", "yes" },
        { "hy_v3", ReasoningStart.Continued, "\nmore</think>\nyes", "{\nmore}\nyes" },
    };

    [Theory]
    [MemberData(nameof(Written))]
    public void Parts_are_found_wherever_the_text_is_cut(string format, ReasoningStart start, string text, string expected)
    {
        Assert.Equal(expected, Read(format, start, [text]));
        Assert.Equal(expected, Read(format, start, [.. text.Select(c => c.ToString()), ""]));
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(expected, Read(format, start, [text[..cut], text[cut..]]));
        }
    }

    [Theory]
    [InlineData("<|assistant|>", ReasoningStart.Unknown)]
    [InlineData("<think>\n", ReasoningStart.Inside)]
    [InlineData("<think>\n\n</think>\n", ReasoningStart.After)]
    [InlineData("</think>\n<answer>\n", ReasoningStart.After)]
    public void The_end_of_the_prompt_tells_where_an_answer_begins(string promptEnd, ReasoningStart start) =>
        Assert.Equal(start, ReasoningFormat.Hunyuan.StartAfter(promptEnd));

    [Theory]
    [InlineData("<think>\nI think", ReasoningStart.Continued)]
    [InlineData(" <think>\nI think ", ReasoningStart.Continued)]
    [InlineData("<think>\n", ReasoningStart.Inside)]
    [InlineData("<think>\nI think\n</think>\nIt is", ReasoningStart.Unknown)]
    [InlineData("<think>\nI think\n</think>\n", ReasoningStart.After)]
    [InlineData("The mark <think> opens", ReasoningStart.Unknown)]
    public void A_message_that_is_continued_tells_whether_its_reasoning_is_open(string message, ReasoningStart start)
    {
        Assert.Equal(start, ReasoningFormat.Hunyuan.StartAfter("assistant:" + message, message));
        Assert.Equal(start == ReasoningStart.Continued ? ReasoningStart.Unknown : start, ReasoningFormat.Hunyuan.StartAfter("user:" + message));
    }

    [Theory]
    [InlineData("{{ messages[0].content }}", null)]
    [InlineData("{{ '<think>' }}{{ messages[0].content }}", "hunyuan")]
    [InlineData("{{ '<｜hy_Assistant｜><think>' }}{{ messages[0].content }}", "hy_v3")]
    [InlineData("{{ '<｜hy_Assistant:opensource｜><think:opensource>' }}{{ messages[0].content }}", "hy_v3:opensource")]
    [InlineData("{{ '<｜hy_Assistant{}｜><think{}>'.format(':x') }}{{ messages[0].content }}", "hy_v3")]
    public void The_template_tells_how_a_model_reasons(string template, string? format) =>
        Assert.Equal(format, ReasoningFormat.Of(ChatTemplate.Parse(template))?.Name);

    // Reasoning in braces, calls as [name](arguments).
    private static string Read(string format, ReasoningStart start, string[] pieces)
    {
        AnswerParser parser = new(ReasoningFormat.All.Single(one => one.Name == format), start, new ToolCallParser());
        StringBuilder result = new();
        bool open = false;
        for (int i = 0; i < pieces.Length; i++)
        {
            foreach (AnswerEvent part in parser.Append(pieces[i], last: i == pieces.Length - 1))
            {
                bool reasoning = part.Kind == AnswerEventKind.Reasoning;
                result.Append(reasoning == open ? "" : reasoning ? "{" : "}").Append(part.Kind switch
                {
                    AnswerEventKind.CallBegin => $"[{part.Text}](",
                    AnswerEventKind.CallEnd => ")",
                    _ => part.Text,
                });
                open = reasoning;
            }
        }

        return result.Append(open ? "}" : "").ToString();
    }
}
