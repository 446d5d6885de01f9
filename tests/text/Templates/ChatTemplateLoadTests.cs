using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

public sealed class ChatTemplateLoadTests
{
    private static readonly ChatTemplateInput Hello = new() { Messages = [ChatMessage.User("hi")] };

    private static readonly ChatTemplateInput WithTool = Hello with { Tools = [Rendering.Json("""{"type": "function"}""")] };

    [Fact]
    public void The_string_in_tokenizer_config_is_used()
    {
        using TempFolder folder = Folder(("tokenizer_config.json", new { chat_template = "A{{ messages[0].content }}" }));
        Assert.Equal("Ahi", ChatTemplate.Load(folder.Root).Render(Hello));
    }

    [Fact]
    public void Named_templates_are_selected_by_the_presence_of_tools()
    {
        object[] named = [new { name = "default", template = "D" }, new { name = "tool_use", template = "T" }, new { name = "rag", template = "{% broken" }];
        using TempFolder folder = Folder(("tokenizer_config.json", new { chat_template = named }));
        ChatTemplate template = ChatTemplate.Load(folder.Root);
        Assert.Equal("D", template.Render(Hello));
        Assert.Equal("T", template.Render(WithTool));
    }

    [Fact]
    public void Chat_template_jinja_precedes_tokenizer_config_and_chat_template_json()
    {
        using TempFolder folder = Folder(("chat_template.json", new { chat_template = "J" }));
        Assert.Equal("J", ChatTemplate.Load(folder.Root).Render(Hello));
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"chat_template": "C"}""");
        Assert.Equal("C", ChatTemplate.Load(folder.Root).Render(Hello));
        File.WriteAllText(folder.File("chat_template.jinja"), "{% if true %}\nX{% endif %}\n");
        Assert.Equal("X", ChatTemplate.Load(folder.Root).Render(Hello));
    }

    [Fact]
    public void Special_tokens_of_the_files_are_text_of_the_template()
    {
        using TempFolder folder = Folder(
            ("special_tokens_map.json", new { bos_token = "<old>", pad_token = new { content = "<pad>" } }),
            ("tokenizer_config.json", new { bos_token = new { content = "<bos>", lstrip = false }, eos_token = "<eos>", unk_token = (string?)null }));
        File.WriteAllText(folder.File("chat_template.jinja"), "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}{{ unk_token }}");
        Assert.Equal("<bos>«hi»<eos><pad>", Rendering.Marked(ChatTemplate.Load(folder.Root).RenderSegments(Hello)));
    }

    [Fact]
    public void A_folder_without_a_template_uses_the_built_in_one()
    {
        using TempFolder folder = Folder(("tokenizer_config.json", new { chat_template = (string?)null }));
        ChatTemplate template = ChatTemplate.Load(folder.Root);
        Assert.Equal("built in", template.Origin);
        ChatTemplateInput input = new()
        {
            Messages = [ChatMessage.System("S"), ChatMessage.User("U"), ChatMessage.Assistant("A"), new ChatMessage("tool", "T"), ChatMessage.User("V")],
        };
        Assert.Equal(
            "<|startoftext|>«S»<|extra_4|>«U»<|extra_0|>«A»<|eos|>«T»<|extra_0|><|startoftext|>«V»<|extra_0|>",
            Rendering.Marked(template.RenderSegments(input)));
        Assert.Equal("<|startoftext|>«hi»<|extra_0|>", Rendering.Marked(template.RenderSegments(Hello)));
    }

    [Theory]
    [InlineData("tokenizer_config.json", "[]", "must be a JSON object")]
    [InlineData("tokenizer_config.json", "{", "not valid JSON")]
    [InlineData("tokenizer_config.json", """{"chat_template": 5}""", "must be a string or a list")]
    [InlineData("tokenizer_config.json", """{"chat_template": []}""", "must be a string or a list")]
    [InlineData("tokenizer_config.json", """{"chat_template": [{"name": "a"}]}""", "strings name and template")]
    [InlineData("tokenizer_config.json", """{"chat_template": [{"name": "a", "template": ""}, {"name": "b", "template": ""}]}""", "none named default")]
    [InlineData("tokenizer_config.json", """{"chat_template": "a\n{{ ("}""", "chat template, line 2: ")]
    [InlineData("chat_template.jinja", "a\n\n{% if %}", "chat template, line 3: ")]
    public void An_error_in_a_file_names_the_file(string name, string text, string part)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File(name), text);
        TextException error = Assert.ThrowsAny<TextException>(() => ChatTemplate.Load(folder.Root));
        Assert.StartsWith(folder.File(name), error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_is_an_error()
    {
        Assert.Contains("no such folder", Assert.Throws<TextException>(() => ChatTemplate.Load("/nowhere/at/all")).Message, StringComparison.Ordinal);
    }

    private static TempFolder Folder(params (string Name, object Content)[] files)
    {
        TempFolder folder = new();
        foreach ((string name, object content) in files)
        {
            File.WriteAllText(folder.File(name), JsonSerializer.Serialize(content));
        }

        return folder;
    }
}
