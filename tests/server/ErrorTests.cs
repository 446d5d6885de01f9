using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Invalid requests get OpenAI's error object, which names the parameter.</summary>
public sealed class ErrorTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string User = """[{"role":"user","content":"hi"}]""";
    private const string Tool = """[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]""";
    private readonly TestServer _server = demo.Server;

    public static TheoryData<string, string, string> Chats => new()
    {
        { "{}", "messages", "messages is missing" },
        { """{"messages":"hi"}""", "messages", "must be an array" },
        { """{"messages":[]}""", "messages", "at least one message" },
        { """{"messages":[1]}""", "messages", "messages[0]" },
        { """{"messages":[{"role":"king","content":"x"}]}""", "messages", "king" },
        { """{"messages":[{"role":"user","content":7}]}""", "messages", "messages[0].content" },
        { """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "messages", "text only" },
        { With("\"temperature\":\"hot\""), "temperature", "must be a number" },
        { With("\"temperature\":-1"), "temperature", "allowed" },
        { With("\"temperature\":1e60"), "temperature", "too large" },
        { With("\"top_p\":0"), "top_p", "allowed" },
        { With("\"top_p\":1.5"), "top_p", "allowed" },
        { With("\"top_k\":-2"), "top_k", "allowed" },
        { With("\"top_k\":1.5"), "top_k", "whole" },
        { With("\"min_p\":2"), "min_p", "allowed" },
        { With("\"repetition_penalty\":0"), "repetition_penalty", "allowed" },
        { With("\"presence_penalty\":3"), "presence_penalty", "-2 to 2" },
        { With("\"frequency_penalty\":-3"), "frequency_penalty", "-2 to 2" },
        { With("\"max_tokens\":0"), "max_tokens", "allowed" },
        { With("\"max_tokens\":1000000"), "max_tokens", "4096" },
        { With("\"max_completion_tokens\":1000000"), "max_completion_tokens", "4096" },
        { With("\"max_completion_tokens\":\"5\""), "max_completion_tokens", "not a string" },
        { With("\"n\":0"), "n", "1 to 16" },
        { With("\"n\":17"), "n", "1 to 16" },
        { With("\"n\":true"), "n", "not a boolean" },
        { With("\"seed\":1.5"), "seed", "64 bits" },
        { With("\"seed\":1e40"), "seed", "64 bits" },
        { With("\"stop\":7"), "stop", "string" },
        { With("\"stop\":[\"a\",7]"), "stop", "stop[1]" },
        { With("\"stop\":[\"a\",\"\"]"), "stop", "1 to" },
        { With("\"stop_token_ids\":[-1]"), "stop_token_ids", "stop_token_ids[0]" },
        { With("\"stop_token_ids\":[99999]"), "stop_token_ids", "4607" },
        { With("\"logit_bias\":[1]"), "logit_bias", "an object" },
        { With("\"logit_bias\":{\"x\":1}"), "logit_bias", "token ids" },
        { With("\"logit_bias\":{\"99999\":1}"), "logit_bias", "4607" },
        { With("\"logit_bias\":{\"5\":101}"), "logit_bias", "logit_bias of token 5" },
        { With("\"logprobs\":5"), "logprobs", "true or false" },
        { With("\"top_logprobs\":5"), "top_logprobs", "needs logprobs" },
        { With("\"logprobs\":true,\"top_logprobs\":21"), "top_logprobs", "0 to 20" },
        { With("\"stream\":\"yes\""), "stream", "true or false" },
        { With("\"stream_options\":{}"), "stream_options", "stream is true" },
        { With("\"stream\":true,\"stream_options\":7"), "stream_options", "an object" },
        { With("\"stream\":true,\"stream_options\":{\"include_usage\":1}"), "stream_options.include_usage", "true or false" },
        { With("\"return_progress\":true"), "return_progress", "stream is true" },
        { With("\"stream\":true,\"return_progress\":1"), "return_progress", "true or false" },
        { With("\"response_format\":7"), "response_format", "an object" },
        { With("\"response_format\":{\"type\":\"xml\"}"), "response_format", "json_schema" },
        { With("\"response_format\":{\"type\":\"json_schema\"}"), "response_format", "schema is missing" },
        { With("\"guided_choice\":[]"), "guided_choice", "at least one" },
        { With("\"guided_json\":\"{\""), "guided_json", "not valid JSON" },
        { With("\"guided_regex\":\"a\",\"guided_choice\":[\"a\"]"), "guided_choice", "exclude" },
        { With("\"guided_json\":\"{\\\"enum\\\":[\\\"\\\\ud800\\\"]}\""), "guided_json", "surrogate" },
        { With("\"guided_grammar\":\"root ::= x\""), "guided_grammar", "\"x\", which it does not define (line 1, column 10)" },
        { With("\"grammar\":\"root ::= \\\"a\""), "grammar", "without its closing" },
        { With("\"grammar\":\"root ::= root \\\"a\\\" | \\\"b\\\"\""), "grammar", "left recursion" },
        { With("\"grammar_lazy\":true,\"grammar\":\"root ::= [a]\""), "grammar_lazy", "not supported" },
        { With("\"guided_whitespace_pattern\":\" \""), "guided_whitespace_pattern", "not supported" },
        { With("\"json_schema\":{\"not\":{}}"), "json_schema", "not supported" },
        { With("\"structured_outputs\":7"), "structured_outputs", "an object" },
        { With("\"structured_outputs\":{}"), "structured_outputs", "exactly one of json, json_object" },
        { With("\"structured_outputs\":{\"json_object\":false}"), "structured_outputs", "exactly one of" },
        { With("\"structured_outputs\":{\"regex\":\"a\",\"choice\":[\"a\"]}"), "structured_outputs", "exactly one of" },
        { With("\"structured_outputs\":{\"regex\":\"(\"}"), "structured_outputs.regex", "without its )" },
        { With("\"structured_outputs\":{\"regex\":7}"), "structured_outputs.regex", "a string" },
        { With("\"structured_outputs\":{\"choice\":[]}"), "structured_outputs.choice", "at least one" },
        { With("\"structured_outputs\":{\"json\":\"{\"}"), "structured_outputs.json", "not valid JSON" },
        { With("\"structured_outputs\":{\"regex\":\"a\",\"disable_any_whitespace\":true}"), "structured_outputs.disable_any_whitespace", "not supported" },
        { With("\"structured_outputs\":{\"regex\":\"a\"},\"guided_regex\":\"a\""), "structured_outputs.regex", "exclude" },
        { With("\"structured_outputs\":{\"regex\":\"a\"},\"response_format\":{\"type\":\"json_object\"}"), "response_format", "exclude" },
        { With("\"response_format\":{\"type\":\"json_object\",\"schema\":7}"), "response_format", "must be an object" },
        { With(Tag("7")), "structured_outputs.structural_tag", "an object" },
        { With(Tag("\"{\"")), "structured_outputs.structural_tag", "not valid JSON" },
        { With(Tag("{}")), "structured_outputs.structural_tag", "type is missing" },
        { With(Tag("""{"type":"structural_tag"}""")), "structured_outputs.structural_tag", "structures is missing" },
        { With(Tag("""{"type":"structural_tag","structures":[{"begin":"<a>","schema":{},"end":""}],"triggers":[]}""")), "structured_outputs.structural_tag", "triggers is empty" },
        { With(Tag("""{"type":"structural_tag","structures":[{"begin":"<a>","schema":{},"end":""}],"triggers":[""]}""")), "structured_outputs.structural_tag", "empty trigger" },
        { With(Tag("""{"type":"structural_tag","structures":[{"begin":"<a>","schema":{},"end":""}],"triggers":["b"]}""")), "structured_outputs.structural_tag", "exactly one trigger that \"<a>\"" },
        { With(Tag("""{"type":"structural_tag","structures":[{"begin":"<a>","schema":{},"end":""}],"triggers":["<","<a"]}""")), "structured_outputs.structural_tag", "exactly one trigger that \"<a>\"" },
        { With(Tag("""{"type":"structural_tag","structures":[{"begin":"<a>","schema":{},"end":""}],"triggers":["<","b"]}""")), "structured_outputs.structural_tag", "\"b\", with which nothing begins" },
        { With(Tag("""{"type":"structural_tag","structures":[{"begin":"<a>","schema":{"not":{}},"end":""}],"triggers":["<"]}""")), "structured_outputs.structural_tag.structures[0].schema", "\"not\"" },
        { With(Tag("""{"type":"structural_tag","format":{"type":"qwen_xml_parameter"}}""")), "structured_outputs.structural_tag", "\"qwen_xml_parameter\", which is not supported; allowed: const_string" },
        { With(Tag("""{"type":"structural_tag","format":{"type":"regex","pattern":"a","excludes":["b"]}}""")), "structured_outputs.structural_tag", "format.excludes is not supported" },
        { With("\"response_format\":{\"type\":\"structural_tag\",\"format\":{\"type\":\"grammar\",\"grammar\":\"x\"}}"), "response_format.format.grammar", "lacks ::=" },
        { With("\"guided_regex\":\"(a\""), "guided_regex", "without its )" },
        { With("\"guided_regex\":\"(?=a)b\""), "guided_regex", "looks ahead" },
        { With("\"guided_json\":{\"type\":\"text\"}"), "guided_json", "integer" },
        { With(Schema("""{"type":"object","minProperties":1}""")), "response_format", "minProperties" },
        { With(Schema("""{"not":{}}""")), "response_format", "not supported" },
        { With(Schema("""{"$ref":"http://a/b"}""")), "response_format", "$ref" },
        { With(Schema("false")), "response_format", "Nothing can satisfy" },
        { With(Schema("7")), "response_format", "must be an object" },
        { With($"{Schema("""{"not":{}}""")},\"tools\":{Tool}"), "response_format", "not supported" },
        { With($"\"guided_regex\":\"a\",\"tools\":{Tool},\"tool_choice\":\"required\""), "tool_choice", "exclude" },
        { With($"\"parallel_tool_calls\":7,\"tools\":{Tool}"), "parallel_tool_calls", "true or false" },
        { With($"\"tools\":[{ToolOf("""{"not":{}}""")}],\"tool_choice\":\"required\""), "tools[0].function.parameters", "not supported" },
        { With($"\"tools\":[{ToolOf("{}")},{ToolOf("""{"type":"string"}""")}],\"tool_choice\":\"required\""), "tools[1].function.parameters", "must be" },
        { With($"\"tools\":[{ToolOf("""{"title":"a","title":"b"}""")}],\"tool_choice\":\"required\""), "tools[0].function.parameters", "not valid JSON" },
        { With("\"tools\":7"), "tools", "array" },
        { With("\"tools\":[{\"type\":\"x\"}]"), "tools", "tools[0]" },
        { With("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]"), "tools", "tools[0].function.name" },
        { With("\"tool_choice\":\"sometimes\""), "tool_choice", "required" },
        { With("\"tool_choice\":\"required\""), "tool_choice", "tools is empty" },
        { With($"\"tools\":{Tool},\"tool_choice\":{{\"type\":\"function\",\"function\":{{\"name\":\"g\"}}}}"), "tool_choice", "not in tools" },
        { With("\"functions\":[{\"name\":\"f\"}]"), "functions", "use tools" },
        { With("\"function_call\":\"auto\""), "function_call", "use tool_choice" },
        { """{"messages":[{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}]}""", "messages", "messages[0].function_call" },
        { With("\"chat_template_kwargs\":7"), "chat_template_kwargs", "an object" },
        { With("\"chat_template_kwargs\":{\"messages\":1}"), "chat_template_kwargs", "reserved" },
        { With("\"model\":7"), "model", "a string" },
        { With("\"cache_salt\":7"), "cache_salt", "a string" },
    };

    public static TheoryData<string, string, string> Completions => new()
    {
        { "{}", "prompt", "prompt is missing" },
        { """{"prompt":7}""", "prompt", "array" },
        { """{"prompt":""}""", "prompt", "empty" },
        { """{"prompt":[]}""", "prompt", "empty" },
        { """{"prompt":[1,"a"]}""", "prompt", "prompt[1]" },
        { """{"prompt":["a",7]}""", "prompt", "prompt[1]" },
        { """{"prompt":[99999]}""", "prompt", "4607" },
        { """{"prompt":[-1]}""", "prompt", "prompt[0]" },
        { """{"prompt":[1.5]}""", "prompt", "prompt[0]" },
        { """{"prompt":["a","b"],"n":17}""", "n", "1 to 16" },
        { """{"prompt":"a","suffix":"b"}""", "suffix", "not supported" },
        { """{"prompt":"a","best_of":2}""", "best_of", "not supported" },
        { """{"prompt":"a","max_tokens":0}""", "max_tokens", "from 1 on" },
        { """{"prompt":"a","prompt_logprobs":21}""", "prompt_logprobs", "0 to 20" },
        { """{"prompt":"a","prompt_logprobs":1,"stream":true}""", "prompt_logprobs", "stream is false" },
        { """{"prompt":"a","logprobs":21}""", "logprobs", "0 to 20" },
        { """{"prompt":"a","logprobs":true}""", "logprobs", "whole number" },
        { """{"prompt":"a","max_tokens":5000}""", "max_tokens", "4096" },
    };

    [Theory]
    [MemberData(nameof(Chats))]
    public Task A_wrong_chat_is_refused(string body, string parameter, string part) => Refused(Bodies.ChatPath, body, parameter, part);

    [Theory]
    [MemberData(nameof(Completions))]
    public Task A_wrong_completion_is_refused(string body, string parameter, string part) => Refused(Bodies.CompletionPath, body, parameter, part);

    [Theory]
    [InlineData("/tokenize", "{}", "prompt", "missing")]
    [InlineData("/tokenize", """{"prompt":1}""", "prompt", "a string")]
    [InlineData("/detokenize", "{}", "tokens", "missing")]
    [InlineData("/detokenize", """{"tokens":"a"}""", "tokens", "array")]
    [InlineData("/detokenize", """{"tokens":[1,99999]}""", "tokens", "4607")]
    public Task Wrong_tokens_are_refused(string path, string body, string parameter, string part) => Refused(path, body, parameter, part);

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused()
    {
        (int status, JsonElement json) = await _server.PostAsync(Bodies.ChatPath, Bodies.Chat(new string('好', 5000)));
        Assert.Equal((400, "messages"), (status, json.GetProperty("error").GetProperty("param").GetString()));
    }

    [Theory]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/audio/speech")]
    [InlineData("/v1/audio/transcriptions")]
    [InlineData("/v1/images/generations")]
    [InlineData("/v1/moderations")]
    [InlineData("/rerank")]
    public async Task Endpoints_for_other_kinds_of_models_are_refused(string path)
    {
        (int status, JsonElement json) = await _server.PostAsync(path, """{"model":"demo-model","input":"a"}""");
        Assert.Equal((400, "unsupported_endpoint"), (status, json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("text only", json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_model_is_answered_404()
    {
        (int status, JsonElement json) = await _server.PostAsync(Bodies.ChatPath, """{"model":"gpt-9","messages":[]}""");
        Assert.Equal(404, status);
        Assert.Equal(
            """{"error":{"message":"The model 'gpt-9' does not exist; this server has 'demo-model'.","type":"invalid_request_error","param":"model","code":"model_not_found"}}""",
            json.GetRawText());
    }

    private static string Schema(string schema) =>
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":" + schema + "}}";

    private static string ToolOf(string parameters) => "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":" + parameters + "}}";

    private static string Tag(string tag) => "\"structured_outputs\":{\"structural_tag\":" + tag + "}";

    private static string With(string more) => $$"""{"messages":{{User}},{{more}}}""";

    private async Task Refused(string path, string body, string parameter, string part)
    {
        (int status, JsonElement json) = await _server.PostAsync(path, body);
        Assert.True(status == 400, $"{status}: {json}");
        JsonElement error = json.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(p => p.Name));
        Assert.Equal(parameter, error.GetProperty("param").GetString());
        Assert.Contains(part, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
    }
}
