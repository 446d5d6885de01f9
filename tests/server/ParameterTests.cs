using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Parameters in the forms that clients send: those without an effect are accepted, those that cannot work are refused.</summary>
public sealed class ParameterTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private readonly TestServer _server = demo.Server;

    [Theory]
    [InlineData("\"top_k\":-1")]
    [InlineData("\"top_k\":0")]
    [InlineData("\"temperature\":0,\"top_p\":0")]
    [InlineData("\"temperature\":0.0,\"top_p\":0.5,\"top_k\":-7,\"min_p\":3")]
    [InlineData("\"seed\":1.0")]
    [InlineData("\"seed\":-1")]
    [InlineData("\"max_tokens\":3.0")]
    [InlineData("\"service_tier\":\"auto\",\"store\":true,\"metadata\":{\"a\":\"b\"},\"user\":\"u\",\"safety_identifier\":\"x\",\"prompt_cache_key\":\"k\"")]
    [InlineData("\"use_beam_search\":false,\"length_penalty\":1.0,\"typical_p\":1,\"spaces_between_special_tokens\":true,\"documents\":[]")]
    [InlineData("\"priority\":0")]
    [InlineData("\"truncate_prompt_tokens\":-1")]
    [InlineData("\"suffix\":\"\"")]
    [InlineData("\"suffix\":null,\"best_of\":1,\"temperature\":null")]
    public async Task Values_without_an_effect_are_accepted(string parameters)
    {
        JsonElement plain = await _server.OkAsync(Bodies.CompletionPath, """{"prompt":"你好","max_tokens":3}""");
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":"你好","max_tokens":3,{{parameters}}}""");
        Assert.Equal(Text(plain), Text(answer));
    }

    [Fact]
    public async Task A_seed_with_a_decimal_point_is_the_same_seed()
    {
        string[] texts = new string[3];
        string[] seeds = ["7", "7.0", "8"];
        for (int i = 0; i < seeds.Length; i++)
        {
            texts[i] = Text(await _server.OkAsync(
                Bodies.CompletionPath, $$"""{"prompt":"你好","max_tokens":24,"ignore_eos":true,"temperature":4,"top_p":1,"top_k":-1,"seed":{{seeds[i]}}}"""));
        }

        Assert.Equal(texts[0], texts[1]);
        Assert.NotEqual(texts[0], texts[2]);
    }

    [Theory]
    [InlineData("\"use_beam_search\":true", "use_beam_search", "false")]
    [InlineData("\"length_penalty\":0.9", "length_penalty", "1")]
    [InlineData("\"typical_p\":\"1\"", "typical_p", "1")]
    [InlineData("\"logits_processors\":[\"x\"]", "logits_processors", "[]")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities", "[\"text\"]")]
    [InlineData("\"web_search_options\":{}", "web_search_options", "leave it out")]
    [InlineData("\"suffix\":\"x\"", "suffix", "not supported")]
    [InlineData("\"suffix\":7", "suffix", "not supported")]
    [InlineData("\"priority\":-1", "priority", "AllowPriority")]
    [InlineData("\"priority\":1.5", "priority", "whole numbers")]
    [InlineData("\"truncate_prompt_tokens\":0", "truncate_prompt_tokens", "from 1 on")]
    [InlineData("\"truncate_prompt_tokens\":-2", "truncate_prompt_tokens", "from -1 on")]
    [InlineData("\"temperature\":-1,\"top_p\":0", "temperature", "temperature is -1; allowed: 0")]
    [InlineData("\"temperature\":0.5,\"top_p\":0", "top_p", "above 0")]
    [InlineData("\"top_k\":5E-324", "top_k", "top_k is less than 0.000000001; allowed")]
    [InlineData("\"temperature\":-1e-40", "temperature", "temperature is just below 0; allowed")]
    [InlineData("\"presence_penalty\":1e30", "presence_penalty", "more than 1000000000000000")]
    [InlineData("\"max_tokens\":1e400", "max_tokens", "allowed")]
    public async Task What_cannot_work_is_refused(string parameter, string name, string part)
    {
        JsonElement error = await RefusedAsync(_server, Bodies.CompletionPath, $$"""{"prompt":"你好","max_tokens":3,{{parameter}}}""");
        Assert.Equal(name, error.GetProperty("param").GetString());
        Assert.Contains(part, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("E-", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Bodies.ChatPath, "messages")]
    [InlineData(Bodies.CompletionPath, "prompt")]
    public async Task A_prompt_that_is_too_long_has_the_code_that_agents_look_for(string path, string parameter)
    {
        string text = new('好', 5000);
        string body = path == Bodies.ChatPath ? Bodies.Chat(text) : $$"""{"prompt":"{{text}}"}""";
        JsonElement error = await RefusedAsync(_server, path, body);
        Assert.Equal(("context_length_exceeded", parameter), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [Theory]
    [InlineData("2", 2)]
    [InlineData("5000", 6)]
    [InlineData("-1", 6)]
    public async Task A_prompt_is_truncated_at_its_beginning(string most, int tokens)
    {
        const string Prompt = "[474,450,4338,100,101,102]";
        JsonElement answer = await _server.OkAsync(
            Bodies.CompletionPath, $$"""{"prompt":{{Prompt}},"max_tokens":4,"truncate_prompt_tokens":{{most}}}""");
        Assert.Equal(tokens, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        string rest = tokens == 2 ? "[101,102]" : Prompt;
        Assert.Equal(Text(await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":{{rest}},"max_tokens":4}""")), Text(answer));
    }

    [Fact]
    public async Task A_prompt_is_truncated_to_what_the_context_holds()
    {
        string prompt = $"[{string.Join(',', Enumerable.Repeat(100, 5000))}]";
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":{{prompt}},"max_tokens":3,"truncate_prompt_tokens":-1}""");
        Assert.Equal(4096 - 3, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task A_request_has_up_to_256_prompts()
    {
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, Prompts(256, ""));
        Assert.Equal(Enumerable.Range(0, 256), answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Contains("up to 256", (await RefusedAsync(_server, Bodies.CompletionPath, Prompts(257, ""))).GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("up to 256", (await RefusedAsync(_server, Bodies.CompletionPath, Prompts(129, ",\"n\":2"))).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnknownParameterPolicy.Ignore, null)]
    [InlineData(UnknownParameterPolicy.Warn, "temprature, ???")]
    [InlineData(UnknownParameterPolicy.Refuse, null)]
    public async Task Unknown_parameters_are_ignored_listed_or_refused(UnknownParameterPolicy policy, string? header)
    {
        await using TestServer server = await TestServer.StartAsync(options => options.UnknownParameters = policy);
        foreach ((string path, string body) in new[]
        {
            (Bodies.ChatPath, Bodies.Chat("hi", "\"max_tokens\":2,\"temprature\":0,\"a\\u0000é\":1")),
            (Bodies.CompletionPath, """{"prompt":"hi","max_tokens":2,"temprature":0,"a\u0000é":1}"""),
            ("/tokenize", """{"prompt":"hi","temprature":0,"a\u0000é":1}"""),
            ("/detokenize", """{"tokens":[100],"temprature":0,"a\u0000é":1}"""),
            (Bodies.ResponsesPath, """{"input":"hi","max_output_tokens":2,"temprature":0,"a\u0000é":1}"""),
        })
        {
            using HttpResponseMessage response = await server.Client.PostAsync(path, TestServer.Content(body));
            string text = await response.Content.ReadAsStringAsync();
            Assert.Equal(policy == UnknownParameterPolicy.Refuse ? 400 : 200, (int)response.StatusCode);
            Assert.Equal(header?.Replace("???", "a??", StringComparison.Ordinal), response.Headers.TryGetValues("x-unknown-parameters", out IEnumerable<string>? names) ? string.Join("; ", names) : null);
            if (policy == UnknownParameterPolicy.Refuse)
            {
                JsonElement error = JsonDocument.Parse(text).RootElement.GetProperty("error");
                Assert.Equal(("temprature", "unknown_parameter"), (error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
            }
        }
    }

    [Fact]
    public async Task Every_parameter_of_a_full_request_is_known()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.UnknownParameters = UnknownParameterPolicy.Refuse);
        await server.OkAsync(Bodies.ChatPath, Bodies.Chat(
            "hi",
            """
            "max_completion_tokens":2,"stream":false,"n":1,"temperature":1,"top_p":0.9,"top_k":5,"min_p":0.1,"repetition_penalty":1,"presence_penalty":0,
            "frequency_penalty":0,"seed":1,"stop":["x"],"stop_token_ids":[5],"include_stop_str_in_output":false,"ignore_eos":false,"logit_bias":{},
            "skip_special_tokens":true,"cache_salt":"s","priority":0,"truncate_prompt_tokens":50,"response_format":{"type":"text"},"tools":[],
            "parallel_tool_calls":true,"logprobs":true,"top_logprobs":1,"add_generation_prompt":true,"continue_final_message":false,
            "chat_template_kwargs":{},"user":"u","store":false
            """));
        await server.OkAsync(Bodies.CompletionPath, """{"prompt":"hi","max_tokens":2,"echo":true,"suffix":"","best_of":1,"add_special_tokens":false,"logprobs":null}""");
        await server.OkAsync(
            Bodies.ResponsesPath,
            """
            {"input":"hi","instructions":"i","max_output_tokens":2,"temperature":1,"top_p":0.9,"stream":false,"stream_options":{"include_obfuscation":false},"tools":[],
            "tool_choice":"auto","parallel_tool_calls":true,"max_tool_calls":3,"reasoning":{"effort":"none"},"text":{"format":{"type":"text"}},"include":[],"metadata":{},
            "truncation":"disabled","background":false,"store":false,"user":"u","service_tier":"auto","safety_identifier":"s","prompt_cache_key":"k","top_logprobs":0,"n":1,
            "context_management":[],"previous_response_id":null,"prompt_cache_options":{},"seed":1}
            """);
    }

    [Fact]
    public async Task Priorities_are_allowed_by_a_setting()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.AllowPriority = true);
        Assert.Equal(200, (await server.PostAsync(Bodies.CompletionPath, """{"prompt":"hi","max_tokens":1,"priority":-5}""")).Status);
    }

    private static string Prompts(int count, string more) => $$"""{"prompt":[{{string.Join(',', Enumerable.Range(0, count).Select(i => $"[{100 + i}]"))}}],"max_tokens":1{{more}}}""";

    private static string Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString()!;

    private static async Task<JsonElement> RefusedAsync(TestServer server, string path, string body)
    {
        (int status, JsonElement json) = await server.PostAsync(path, body);
        Assert.True(status == 400, $"{status}: {json}");
        return json.GetProperty("error");
    }
}
