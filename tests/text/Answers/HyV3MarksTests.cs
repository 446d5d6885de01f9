using System.Text;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tests.Tokenization;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Answers;

/// <summary>The marks of hy_v3 have the suffix of the model's tokens, and are text although they are special tokens.</summary>
public sealed class HyV3MarksTests
{
    private const string Template = "{% set s = ':opensource' %}{{ '<｜hy_Assistant{}｜><think{}>'.format(s, s) }}{{ messages[0].content }}<tool_sep><arg_key>";

    [Fact]
    public void The_tokenizer_tells_the_suffix()
    {
        Tokenizer tokenizer = WithTokens("<think:opensource>", "</think:opensource>", "<tool_calls:opensource>", "<｜hy_eos:opensource｜>");
        ChatTemplate template = ChatTemplate.Parse(Template);
        ReasoningFormat format = ReasoningFormat.Of(template, tokenizer)!;
        Assert.True(format.IsHyV3);
        Assert.Equal(("<think:opensource>", "</think:opensource>"), (format.Open, format.Close));
        Assert.Equal(format, ReasoningFormat.Find(format.Name));
        Assert.Equal("<tool_sep:opensource>", ToolCallFormat.Of(template, tokenizer).Marks!.ToolSeparator);
        Assert.Equal(ReasoningStart.Inside, format.StartAfter(tokenizer.Encode(template.Render(new() { Messages = [ChatMessage.User("")] }).Split('<')[2].Insert(0, "<"), parseSpecial: true), tokenizer));
    }

    [Fact]
    public void Without_a_suffix_the_marks_have_none()
    {
        Tokenizer tokenizer = WithTokens("<think>", "</think>");
        Assert.Equal(ReasoningFormat.HyV3, ReasoningFormat.Of(ChatTemplate.Parse(Template), tokenizer));
        Assert.Equal(ToolCallFormat.JsonList, ToolCallFormat.Of(ChatTemplate.Parse("{{ '<tool_calls>' }}{{ messages[0].content }}"), tokenizer));
    }

    [Fact]
    public void Marks_are_text_and_other_special_tokens_are_not()
    {
        Tokenizer tokenizer = WithTokens("<think:x>", "</arg_value:x>", "<｜hy_eos:x｜>", "<thinking>");
        TokenizerText visible = new(tokenizer), full = new(tokenizer, skipSpecial: false);
        Assert.Equal("<think:x>", Encoding.UTF8.GetString(visible.TokenBytes(tokenizer.SpecialId("<think:x>")!.Value)));
        Assert.Equal("</arg_value:x>", Encoding.UTF8.GetString(visible.TokenBytes(tokenizer.SpecialId("</arg_value:x>")!.Value)));
        Assert.Equal(0, visible.TokenBytes(tokenizer.SpecialId("<｜hy_eos:x｜>")!.Value).Length);
        Assert.Equal(0, visible.TokenBytes(tokenizer.SpecialId("<thinking>")!.Value).Length);
        Assert.Equal("<｜hy_eos:x｜>", Encoding.UTF8.GetString(full.TokenBytes(tokenizer.SpecialId("<｜hy_eos:x｜>")!.Value)));
    }

    private static Tokenizer WithTokens(params string[] tokens)
    {
        JsonObject document = TokenizerJsonTests.Document();
        document["added_tokens"] = new JsonArray([.. tokens.Select((text, i) => new JsonObject { ["id"] = 263 + i, ["content"] = text, ["special"] = true })]);
        using TempFolder folder = new();
        folder.Write("tokenizer.json", document.ToJsonString());
        return Tokenizer.Load(folder.Root);
    }
}
