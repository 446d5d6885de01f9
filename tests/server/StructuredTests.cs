using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Structured outputs, by a model that would not produce them on its own.</summary>
public sealed class StructuredTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Person = """
        {"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":12},"age":{"type":"integer","minimum":0,"maximum":130},
        "tags":{"type":"array","items":{"enum":["a","é"]},"maxItems":3},"home":{"anyOf":[{"$ref":"#/$defs/place"},{"type":"null"}]}},
        "required":["name","age","home"],"additionalProperties":false,
        "$defs":{"place":{"type":"object","properties":{"city":{"type":"string","pattern":"^[A-Z][a-z]{1,5}$"}},"required":["city"],"additionalProperties":false}}}
        """;

    private const string Untyped = """{"properties":{"day":{"type":"string","format":"date"}},"required":["day"],"additionalProperties":false}""";

    private const string Hot = "\"temperature\":2,\"top_k\":-1,\"top_p\":1,\"max_tokens\":600";

    private readonly TestServer _server = demo.Server;

    private static string Format => "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"person\",\"strict\":true,\"schema\":" + Person + "}}";

    private static string Tools =>
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"person\",\"strict\":true,\"parameters\":" + Person
        + "}},{\"type\":\"function\",\"function\":{\"name\":\"day.of-2\",\"parameters\":" + Untyped + "}}]";

    [Fact]
    public async Task Answers_follow_a_schema_whatever_the_seed()
    {
        HashSet<string> texts = [];
        for (int seed = 0; seed < 8; seed++)
        {
            JsonElement answer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", $"{Format},{Hot},\"n\":2,\"seed\":{seed}"));
            foreach (JsonElement choice in answer.GetProperty("choices").EnumerateArray())
            {
                Assert.Equal("stop", Finish(choice));
                string text = choice.GetProperty("message").GetProperty("content").GetString()!;
                CheckValid(Person, text);
                texts.Add(text);
            }
        }

        Assert.Equal(16, texts.Count);
    }

    [Fact]
    public async Task A_stream_and_a_whole_answer_are_the_same_and_count_the_same()
    {
        string more = $"{Format},{Hot},\"seed\":3";
        JsonElement whole = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", more));
        EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat("Who?", more + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
        Assert.Equal(whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), stream.Content());
        Assert.Equal("stop", stream.Finish());
        Assert.Equal(
            whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32(),
            stream.Chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Json_object_allows_any_object()
    {
        // The demo model was not trained on JSON and would hardly ever end a text.
        int[] marks = [await TokenAsync("\""), await TokenAsync("}")];
        string bias = $"\"logit_bias\":{{{string.Join(',', marks.Select(id => $"\"{id}\":9"))}}}";
        int ended = 0;
        for (int seed = 0; seed < 8; seed++)
        {
            JsonElement answer = await _server.OkAsync(
                Bodies.ChatPath, Bodies.Chat("Who?", $"\"response_format\":{{\"type\":\"json_object\"}},{Hot},{bias},\"seed\":{seed}"));
            JsonElement choice = answer.GetProperty("choices")[0];
            string text = choice.GetProperty("message").GetProperty("content").GetString()!;
            if (Finish(choice) == "stop")
            {
                CheckValid("""{"type":"object"}""", text);
                ended++;
            }
            else
            {
                Assert.Equal("length", Finish(choice));
                Assert.StartsWith("{", text, StringComparison.Ordinal);
            }
        }

        Assert.True(ended > 0);
    }

    [Theory]
    [InlineData("\"guided_regex\":\"[a-c]{2}-\\\\d{1,9};\"", @"^[a-c]{2}-\d{1,9};$")]
    [InlineData("\"guided_choice\":[\"yes\",\"nö\"]", "^(yes|nö)$")]
    [InlineData("\"guided_json\":{\"type\":\"integer\",\"minimum\":5,\"maximum\":700}", @"^\d{1,3}$")]
    [InlineData("\"guided_json\":\"{\\\"const\\\":\\\"<|eos|>\\\"}\"", @"^""<\|eos\|>""$")]
    public async Task Regexes_and_choices_constrain_chats_and_completions(string form, string expected)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            JsonElement chat = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", $"{form},{Hot},\"seed\":{seed}"))).GetProperty("choices")[0];
            Assert.Matches(expected, chat.GetProperty("message").GetProperty("content").GetString());
            JsonElement text = (await _server.OkAsync(Bodies.CompletionPath, $"{{\"prompt\":\"a\",{form},{Hot},\"seed\":{seed}}}")).GetProperty("choices")[0];
            Assert.Matches(expected, text.GetProperty("text").GetString());
            Assert.Equal(("stop", "stop"), (Finish(chat), Finish(text)));
        }
    }

    [Theory]
    [InlineData("\"tool_choice\":\"required\"", "tool_calls", null, false)]
    [InlineData("\"tool_choice\":\"required\",\"parallel_tool_calls\":false", "tool_calls", null, true)]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"day.of-2\"}}", "stop", "day.of-2", true)]
    [InlineData("\"tool_choice\":\"required\",\"response_format\":{\"type\":\"json_object\"}", "tool_calls", null, false)]
    public async Task Required_tool_calls_match_their_schemas(string choice, string finish, string? name, bool single)
    {
        int calls = 0, answers = 8;
        for (int seed = 0; seed < answers; seed++)
        {
            string more = $"{Tools},{choice},{Hot},\"seed\":{seed}";
            JsonElement answer = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", more))).GetProperty("choices")[0];
            JsonElement[] called = [.. answer.GetProperty("message").GetProperty("tool_calls").EnumerateArray()];
            if (Finish(answer) != "length" || single)
            {
                Assert.Equal(finish, Finish(answer));
                Assert.Equal(JsonValueKind.Null, answer.GetProperty("message").GetProperty("content").ValueKind);
                Assert.All(called, call => CheckCall(call, name));
            }

            calls += called.Length;
            Assert.True(called.Length == 1 || !single);
            if (seed < 2)
            {
                EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat("Who?", more + ",\"stream\":true"));
                Assert.Equal(Finish(answer), stream.Finish());
                Assert.Equal(called.Select(NameAndArguments), StreamedCalls(stream));
            }
        }

        Assert.Equal(single, calls == answers);
    }

    [Fact]
    public async Task With_optional_tools_a_format_constrains_the_message()
    {
        // Without a bias the model might begin the same way each time.
        string bias = $"\"logit_bias\":{{\"{await TokenAsync("<")}\":20}}";
        bool[] saw = [false, false];
        for (int seed = 0; seed < 12; seed++)
        {
            JsonElement choice = (await _server.OkAsync(
                Bodies.ChatPath, Bodies.Chat("Who?", $"{Tools},\"parallel_tool_calls\":false,{Format},{Hot},{(seed % 2 == 0 ? bias : "\"n\":1")},\"seed\":{seed}"))).GetProperty("choices")[0];
            bool called = choice.GetProperty("message").TryGetProperty("tool_calls", out JsonElement calls);
            Assert.Equal(called ? "tool_calls" : "stop", Finish(choice));
            if (called)
            {
                CheckCall(calls[0], null);
            }
            else
            {
                CheckValid(Person, choice.GetProperty("message").GetProperty("content").GetString()!);
            }

            saw[called ? 1 : 0] = true;
        }

        Assert.Equal([true, true], saw);
    }

    [Fact]
    public async Task An_optional_strict_tool_does_not_constrain_text()
    {
        const string question = "What is the capital of France?";
        JsonElement free = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(question));
        JsonElement tools = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(question, Tools));
        Assert.Equal(
            free.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            tools.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task A_call_that_is_cut_off_finishes_with_length()
    {
        JsonElement choice = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", $"{Tools},\"tool_choice\":\"required\",\"max_tokens\":12"))).GetProperty("choices")[0];
        Assert.Equal("length", Finish(choice));
    }

    [Fact]
    public async Task Concurrent_constraints_do_not_mix()
    {
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            JsonElement answer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", $"\"guided_regex\":\"x{i}y+z{i}\",{Hot},\"n\":2"));
            Assert.All(answer.GetProperty("choices").EnumerateArray(), choice =>
            {
                string text = choice.GetProperty("message").GetProperty("content").GetString()!;
                Assert.Matches(Finish(choice) == "stop" ? $"^x{i}y+z{i}$" : $"^x{i}y+$", text);
            });
        }));
        await _server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task A_model_without_tokenizer_rejects_constraints()
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        ScriptedGenerator generator = new();
        Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<Hosting.ModelSlot>(server.Services)
            .Set(new Hosting.ServedModel("numbers", generator, null, null, Model.Configuration.GenerationDefaults.Published, 0));
        (int status, JsonElement json) = await server.PostAsync(Bodies.CompletionPath, """{"prompt":[5],"guided_choice":["a"]}""");
        Assert.Equal((400, "guided_choice"), (status, json.GetProperty("error").GetProperty("param").GetString()));
    }

    private static string Finish(JsonElement choice) => choice.GetProperty("finish_reason").GetString()!;

    private static void CheckValid(string schema, string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.True(new JsonSchemaValidator(schema).IsValid(document.RootElement), text);
    }

    private static void CheckCall(JsonElement call, string? name)
    {
        JsonElement function = call.GetProperty("function");
        string called = function.GetProperty("name").GetString()!;
        Assert.Equal(name ?? called, called);
        CheckValid(called == "person" ? Person : Untyped, function.GetProperty("arguments").GetString()!);
    }

    private static List<(string Name, string Arguments)> StreamedCalls(EventStream stream)
    {
        List<(string Name, string Arguments)> calls = [];
        foreach (JsonElement delta in stream.Choice(0).Select(c => c.GetProperty("delta")))
        {
            foreach (JsonElement part in delta.TryGetProperty("tool_calls", out JsonElement parts) ? parts.EnumerateArray() : default)
            {
                int index = part.GetProperty("index").GetInt32();
                JsonElement function = part.GetProperty("function");
                if (part.TryGetProperty("id", out _))
                {
                    Assert.Equal(calls.Count, index);
                    calls.Add((function.GetProperty("name").GetString()!, ""));
                }

                calls[index] = calls[index] with { Arguments = calls[index].Arguments + function.GetProperty("arguments").GetString() };
            }
        }

        return calls;
    }

    private static (string Name, string Arguments) NameAndArguments(JsonElement call) =>
        (call.GetProperty("function").GetProperty("name").GetString()!, call.GetProperty("function").GetProperty("arguments").GetString()!);

    private async Task<int> TokenAsync(string text) =>
        Assert.Single((await _server.OkAsync("/tokenize", $"{{\"prompt\":{JsonSerializer.Serialize(text)},\"add_special_tokens\":false}}")).GetProperty("tokens").EnumerateArray()).GetInt32();
}
