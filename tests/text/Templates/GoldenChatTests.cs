using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tests.Tokenization;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

/// <summary>Compares the published and the built-in template with chats that the publisher's code rendered and encoded.</summary>
public sealed class GoldenChatTests
{
    private const string ChatWithTypedSpecialTokens = "special tokens inside the content";

    [SkippableFact]
    public void The_published_template_renders_the_published_text()
    {
        AssertRendered(ChatTemplate.Load(Folder()));
    }

    [SkippableFact]
    public void The_built_in_template_renders_the_published_text()
    {
        using TempFolder empty = new();
        ChatTemplate template = ChatTemplate.Load(empty.Root);
        Assert.Equal("built in", template.Origin);
        Folder();
        AssertRendered(template);
    }

    [SkippableFact]
    public void Chats_encode_to_the_published_ids_unless_a_user_types_special_tokens()
    {
        ChatEncoder encoder = new(GoldenTokenizer.Require(), ChatTemplate.Load(Folder()));
        foreach (JsonElement chat in Chats())
        {
            int[] published = [.. chat.GetProperty("ids").EnumerateArray().Select(static id => id.GetInt32())];
            int[] ids = encoder.Encode(ChatMessage.ListFromJson(chat.GetProperty("messages")));
            if (chat.GetProperty("name").GetString() != ChatWithTypedSpecialTokens)
            {
                Assert.Equal(published, ids);
            }
        }
    }

    [SkippableFact]
    public void Special_tokens_that_a_user_types_are_ordinary_text()
    {
        Tokenizer tokenizer = GoldenTokenizer.Require();
        ChatEncoder encoder = new(tokenizer, ChatTemplate.Load(Folder()));
        JsonElement chat = Chats().Single(static c => c.GetProperty("name").GetString() == ChatWithTypedSpecialTokens);
        int[] ids = encoder.Encode(ChatMessage.ListFromJson(chat.GetProperty("messages")));
        int[] special = [.. ids.Where(tokenizer.IsSpecial)];
        Assert.Equal([tokenizer.SpecialId("<|startoftext|>")!.Value, tokenizer.SpecialId("<|extra_0|>")!.Value], special);
        Assert.Equal(chat.GetProperty("rendered").GetString(), tokenizer.Decode(ids));
    }

    private static void AssertRendered(ChatTemplate template)
    {
        JsonElement[] chats = Chats();
        Assert.Equal(12, chats.Length);
        foreach (JsonElement chat in chats)
        {
            ChatTemplateInput input = new() { Messages = ChatMessage.ListFromJson(chat.GetProperty("messages")) };
            Assert.Equal(chat.GetProperty("rendered").GetString(), template.Render(input));
        }
    }

    private static string Folder()
    {
        Skip.If(TestPaths.SharedGolden is null, "The published chat cases (../shared/golden/tokenizer) are not beside this checkout.");
        return Path.Combine(TestPaths.SharedGolden, "tokenizer");
    }

    private static JsonElement[] Chats()
    {
        JsonElement file = Rendering.Json(File.ReadAllText(Path.Combine(Folder(), "chat.json")));
        return [.. file.GetProperty("chats").EnumerateArray()];
    }
}
