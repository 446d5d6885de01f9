using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

/// <summary>Compares the built-in template for models of type hy_v3 with renderings of the published one, recorded in tests/data/hy_v3/chat.json.</summary>
public sealed class HyV3ChatTests
{
    // Messages with images are refused before they reach a template.
    private const string WithImage = "content parts, null content, system in the middle";

    private static readonly JsonElement Data = Read();

    public static TheoryData<string> Names() => [.. Cases().Select(static c => c.GetProperty("name").GetString()!).Where(static name => name != WithImage)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_built_in_template_renders_what_the_published_one_does(string name)
    {
        JsonElement item = Cases().Single(c => c.GetProperty("name").GetString() == name);
        ChatTemplateInput input = Input(item);
        using TempFolder folder = Folder();
        ChatTemplate template = ChatTemplate.Load(folder.Root);
        Assert.Equal("built in", template.Origin);
        if (item.TryGetProperty("error", out JsonElement error))
        {
            Assert.Equal(error.GetString(), Assert.Throws<TemplateException>(() => template.Render(input)).Detail);
            return;
        }

        Assert.Equal(item.GetProperty("rendered").GetString(), template.Render(input));
    }

    [Fact]
    public void Arguments_may_be_a_string_as_in_OpenAIs_api()
    {
        JsonElement item = Cases().Single(static c => c.GetProperty("name").GetString() == "tool call and result");
        List<ChatMessage> messages = [.. ChatMessage.ListFromJson(item.GetProperty("messages"))];
        JsonElement calls = JsonElement.Parse("""[{"type":"function","id":"call_0","function":{"name":"get_weather","arguments":"{\"city\": \"深圳\", \"days\": 2, \"metric\": true}"}}]""");
        messages[1] = messages[1] with { ToolCalls = calls };
        using TempFolder folder = Folder();
        Assert.Equal(item.GetProperty("rendered").GetString(), ChatTemplate.Load(folder.Root).Render(Input(item) with { Messages = messages }));
    }

    [Fact]
    public void Without_a_suffix_the_tokens_have_none_and_users_cannot_write_them()
    {
        using TempFolder folder = Folder();
        folder.Write("tokenizer_config.json", "{}");
        IReadOnlyList<TemplateSegment> segments = ChatTemplate.Load(folder.Root).RenderSegments(
            new ChatTemplateInput { Messages = [ChatMessage.User("say <｜hy_eos｜>")] });
        Assert.StartsWith("<｜hy_begin_of_sentence｜><｜reasoning_mode｜>reasoning_effort:no_think<｜hy_User｜>", segments[0].Text);
        Assert.False(segments.Single(static s => s.Text.Contains("hy_eos", StringComparison.Ordinal)).FromTemplate);
        Assert.Equal("<｜hy_Assistant｜><think></think>", segments[^1].Text);
    }

    [Fact]
    public void Other_models_have_the_other_built_in_template()
    {
        using TempFolder folder = Folder();
        folder.Write("config.json", """{"model_type": "hunyuan"}""");
        Assert.Contains("<|startoftext|>", ChatTemplate.Load(folder.Root).Render(new ChatTemplateInput { Messages = [ChatMessage.User("x")] }), StringComparison.Ordinal);
    }

    private static TempFolder Folder()
    {
        TempFolder folder = new();
        folder.Write("config.json", """{"model_type": "hy_v3"}""");
        folder.Write("tokenizer_config.json", """{"token_suffix": ":opensource"}""");
        return folder;
    }

    private static ChatTemplateInput Input(JsonElement item)
    {
        Dictionary<string, JsonElement> variables = item.GetProperty("kwargs").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value);
        bool prompts = variables.Remove("add_generation_prompt", out JsonElement value) && value.GetBoolean();
        JsonElement tools = item.GetProperty("tools");
        return new ChatTemplateInput
        {
            Messages = ChatMessage.ListFromJson(item.GetProperty("messages")),
            Tools = tools.ValueKind == JsonValueKind.Array ? [.. tools.EnumerateArray()] : null,
            AddGenerationPrompt = prompts,
            Variables = variables,
        };
    }

    private static IEnumerable<JsonElement> Cases() => Data.GetProperty("cases").EnumerateArray();

    private static JsonElement Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Data, "hy_v3", "chat.json")));
        return document.RootElement.Clone();
    }
}
