using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>add_generation_prompt, continue_final_message and chat_template.</summary>
public sealed class ContinuationTests
{
    private const string Template =
        "{% for m in messages %}{{ '<|startoftext|>' + m.role + ':' + m.content.strip() + '<|eos|>' }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

    [Theory]
    [InlineData("", "<|startoftext|>user:a<|eos|><|startoftext|>assistant:a b<|eos|>assistant:")]
    [InlineData(""","add_generation_prompt":false""", "<|startoftext|>user:a<|eos|><|startoftext|>assistant:a b<|eos|>")]
    [InlineData(""","continue_final_message":true""", "<|startoftext|>user:a<|eos|><|startoftext|>assistant:a b")]
    [InlineData(""","continue_final_message":true,"add_generation_prompt":false""", "<|startoftext|>user:a<|eos|><|startoftext|>assistant:a b")]
    public async Task The_prompt_ends_where_the_request_says(string more, string expected)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "c" }.ServeAsync(template: Template);
        string body = $$"""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":" a b "}]{{more}}}""";
        JsonElement tokens = await server.OkAsync("/tokenize", body);
        JsonElement text = await server.OkAsync("/detokenize", $$"""{"tokens":{{tokens.GetProperty("tokens")}}}""");
        Assert.Equal(expected, text.GetProperty("prompt").GetString());
        JsonElement answer = await server.OkAsync(Bodies.ChatPath, body);
        Assert.Equal("c", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("{\"role\":\"assistant\",\"content\":\"a\"}", "\"continue_final_message\":true,\"add_generation_prompt\":true", "exclude")]
    [InlineData("{\"role\":\"user\",\"content\":\"a\"}", "\"continue_final_message\":true", "the user's")]
    [InlineData("{\"role\":\"assistant\",\"content\":\" \"}", "\"continue_final_message\":true", "no text")]
    [InlineData("{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}", "\"continue_final_message\":true", "calls tools")]
    [InlineData("{\"role\":\"assistant\",\"content\":\"a\"}", "\"continue_final_message\":\"yes\"", "true or false")]
    public async Task What_cannot_be_continued_is_refused(string message, string more, string part)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "c" }.ServeAsync(template: Template);
        (int status, JsonElement json) = await server.PostAsync(Bodies.ChatPath, $$"""{"messages":[{"role":"user","content":"q"},{{message}}],{{more}}}""");
        Assert.Equal((400, "continue_final_message"), (status, json.GetProperty("error").GetProperty("param").GetString()));
        Assert.Contains(part, json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, " it is.")]
    [InlineData(true, " it is.")]
    [InlineData(false, "\nmore")]
    [InlineData(true, "\nmore")]
    public async Task An_open_thought_goes_on(bool stream, string thought)
    {
        await using TestServer server = await new ScriptedGenerator { Text = thought + "\n</think>\nParis." }.ServeAsync(template: Template + "{{ '<think>' if false else '' }}");
        string body = $$"""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"<think>\nI think"}],"continue_final_message":true,"stream":{{(stream ? "true" : "false")}}}""";
        if (stream)
        {
            EventStream events = await server.StreamAsync(Bodies.ChatPath, body);
            Assert.Equal((thought, "Paris."), (events.Reasoning(), events.Content()));
            return;
        }

        JsonElement message = (await server.OkAsync(Bodies.ChatPath, body)).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal((thought, "Paris."), (message.GetProperty("reasoning_content").GetString(), message.GetProperty("content").GetString()));
    }

    [Fact]
    public async Task A_template_that_changes_the_last_message_is_told()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "c" }.ServeAsync(template: "{{ messages[-1].content | upper }}");
        (int status, JsonElement json) = await server.PostAsync(
            Bodies.ChatPath, """{"messages":[{"role":"assistant","content":"abc"}],"continue_final_message":true}""");
        Assert.Equal((400, "continue_final_message"), (status, json.GetProperty("error").GetProperty("param").GetString()));
        Assert.Contains("does not write", json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_model_goes_on_after_its_own_beginning()
    {
        await using TestServer server = await TestServer.StartAsync();
        JsonElement item = Bodies.Recorded[0];
        string messages = item.GetProperty("messages").GetRawText();
        string whole = item.GetProperty("output_text").GetString()!;
        Assert.Equal(whole, Content(await server.OkAsync(Bodies.ChatPath, $$"""{"messages":{{messages}}}""")));
        string continued = $$"""{{messages[..^1]}},{"role":"assistant","content":"{{whole[..2]}}"}]""";
        Assert.Equal(whole[2..], Content(await server.OkAsync(Bodies.ChatPath, $$"""{"messages":{{continued}},"continue_final_message":true}""")));
    }

    [Fact]
    public async Task A_template_of_the_request_needs_the_setting()
    {
        const string Body = """{"messages":[{"role":"user","content":"hi"}],"chat_template":"{{ messages[0].content }}!<|extra_0|>"}""";
        await using TestServer closed = await TestServer.StartAsync();
        (int status, JsonElement json) = await closed.PostAsync(Bodies.ChatPath, Body);
        Assert.Equal((400, "chat_template"), (status, json.GetProperty("error").GetProperty("param").GetString()));
        Assert.Contains("AllowChatTemplate", json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        await using TestServer open = await TestServer.StartAsync(options => options.AllowChatTemplate = true);
        JsonElement tokens = await open.OkAsync("/tokenize", Body);
        JsonElement text = await open.OkAsync("/detokenize", $$"""{"tokens":{{tokens.GetProperty("tokens")}}}""");
        Assert.Equal("hi!<|extra_0|>", text.GetProperty("prompt").GetString());
        Assert.Equal(200, (await open.PostAsync(Bodies.ChatPath, Body)).Status);
        (status, json) = await open.PostAsync(Bodies.ChatPath, Body.Replace("}}!", "!", StringComparison.Ordinal));
        Assert.Equal((400, "chat_template"), (status, json.GetProperty("error").GetProperty("param").GetString()));
    }

    private static string Content(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
}
