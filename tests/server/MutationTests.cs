using System.IO.Compression;
using System.Text;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Valid requests with random changes never get a status of 500 or more, and leave no request running.</summary>
public sealed class MutationTests
{
    private const int Count = 10_000, Callers = 8;

    private static readonly (string Path, string Body)[] Valid =
    [
        (Bodies.ChatPath, """{"model":"demo-model","messages":[{"role":"system","content":"s"},{"role":"user","content":"你好 \u00e9"}],"max_tokens":2,"temperature":0.5,"top_p":0.9,"n":2,"stop":["x","y"],"seed":7}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"max_completion_tokens":2,"stream":true,"stream_options":{"include_usage":true},"logprobs":true,"top_logprobs":2,"logit_bias":{"5":-1.5}}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"max_tokens":2,"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}],"tool_choice":"auto"}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string","maxLength":4,"pattern":"^a{1,3}"},"b":{"anyOf":[{"$ref":"#/$defs/c"},{"type":"array","items":{"enum":[1,"x",null]},"minItems":1}]}},"required":["a"],"$defs":{"c":{"type":"number","minimum":-1.5}}}}}}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}]}"""),
        (Bodies.CompletionPath, """{"prompt":"a","max_tokens":2,"guided_regex":"(a|[b-d]{2,3})+\\d?x*"}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"response_format":{"type":"text"},"top_k":5,"min_p":0.1,"repetition_penalty":1.1,"presence_penalty":0.5,"frequency_penalty":0.5,"stop_token_ids":[5],"ignore_eos":true,"skip_special_tokens":false,"chat_template_kwargs":{"a":[1,{"b":null}]}}"""),
        (Bodies.CompletionPath, """{"model":"demo-model","prompt":["a",[5,6,7]],"max_tokens":2,"logprobs":1,"n":2,"user":"u"}"""),
        (Bodies.CompletionPath, """{"prompt":"ab","max_tokens":2,"echo":true,"stream":true,"best_of":1,"suffix":null}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"stream":true,"return_progress":true,"functions":null,"n":2}"""),
        ("/api/chat", """{"model":"demo-model","messages":[{"role":"user","content":"a"}],"stream":true,"options":{"num_predict":2,"temperature":0.5,"stop":["x"],"seed":1},"format":{"type":"object"}}"""),
        ("/api/generate", """{"model":"demo-model","prompt":"a","system":"s","stream":false,"raw":false,"options":{"num_predict":2,"top_k":3},"keep_alive":"5m"}"""),
        ("/api/show", """{"model":"demo-model","verbose":false}"""),
        ("/v1/responses", """{"model":"demo-model","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"r"}],"instructions":"i","max_output_tokens":2,"temperature":0.5,"store":true,"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"text":{"format":{"type":"text"}},"metadata":{"a":"b"}}"""),
        ("/v1/responses", """{"input":"a","max_output_tokens":2,"stream":true,"text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object","properties":{"a":{"type":"integer"}}}}},"previous_response_id":null}"""),
        ("/v1/messages", """{"model":"demo-model","max_tokens":2,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},{"type":"tool_use","id":"c","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"r","is_error":true}]}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"stream":true}"""),
        ("/v1/messages/count_tokens", """{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"thinking":{"type":"disabled"},"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}"""),
        ("/v1/embeddings", """{"model":"demo-model","input":["a"]}"""),
        ("/reset_prefix_cache", "{}"),
        (Bodies.CompletionPath, """{"prompt":"a","max_tokens":2,"structured_outputs":{"grammar":"root ::= a+ [^x-z\\u00e9]{2,} # c\na ::= \"b\" (a | \"\")?"}}"""),
        (Bodies.CompletionPath, """{"prompt":"a","max_tokens":2,"structured_outputs":{"structural_tag":{"type":"structural_tag","structures":[{"begin":"<a>","schema":{"type":"integer"},"end":"</a>"}],"triggers":["<"]}}}"""),
        (Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"response_format":{"type":"structural_tag","format":{"type":"triggered_tags","triggers":["<a"],"tags":[{"begin":"<a>","content":{"type":"sequence","elements":[{"type":"any_text","excludes":["x"]},{"type":"repeat","min":1,"max":2,"content":{"type":"regex","pattern":"a"}}]},"end":["b",""]}],"at_least_one":true}}}"""),
        ("/tokenize", """{"prompt":"ab","add_special_tokens":true,"return_token_strs":true}"""),
        ("/detokenize", """{"tokens":[1,2,300]}"""),
    ];

    // Addresses that are read.
    private static readonly string[] Pages = ["/v1/models", "/v1/models/demo-model", "/v1/models/a%2Fb", "/metrics", "/cluster", "/version", "/api/tags", "/tokenizer_info", "/v1/responses/resp_1", "/health", "/", "/page/app.js"];

    private static readonly string[] Encodings = ["gzip", "br", "deflate", "identity", "zstd", "gzip, br", " "];

    // Fragments that are difficult for parsers of JSON and of these parameters.
    private static readonly string[] Fragments =
    [
        "null", "true", "-1", "0", "1e999", "-0", "99999999999999999999", "1.5", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "{}", "[[]]", "{\"a\":{}}",
        "\"<|eos|>\"", "\"function\"", "\"required\"", "NaN", ",", ":", "\"", "\\", "\n", "\uFFFF", "👍", "[null]", "[-1]", "[1.5]", "\"{{ x }}\"",
    ];

    [Fact]
    public async Task Changed_requests_never_fail_the_server()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.Limits.MaxConcurrent = 0);
        int accepted = 0, refused = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (i, cancellation) =>
        {
            Random random = new(i);
            using HttpRequestMessage request = random.Next(20) == 0
                ? new(HttpMethod.Get, MutatePath(Pages[random.Next(Pages.Length)], random))
                : CreatePost(random);
            byte[] changed = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellation);
            using HttpResponseMessage response = await server.Client.SendAsync(request, cancellation);
            string answer = await response.Content.ReadAsStringAsync(cancellation);
            Assert.True((int)response.StatusCode < 500, $"mutation {i}: {(int)response.StatusCode} {answer} for {request} {Encoding.UTF8.GetString(changed)}");
            Assert.DoesNotContain("\"server_error\"", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("\"api_error\"", answer, StringComparison.Ordinal);
            Interlocked.Increment(ref response.IsSuccessStatusCode ? ref accepted : ref refused);
        });
        Assert.InRange(accepted, 100, Count);
        Assert.InRange(refused, 100, Count);
        await server.WaitUntilIdleAsync();
    }

    private static HttpRequestMessage CreatePost(Random random)
    {
        (string path, string body) = Valid[random.Next(Valid.Length)];
        byte[] changed = Mutate(Encoding.UTF8.GetBytes(body), random);
        string? encoding = random.Next(10) == 0 ? Encodings[random.Next(Encodings.Length)] : null;
        if (encoding is not null)
        {
            changed = Compress(changed, encoding);
            changed = changed.Length == 0 || random.Next(2) == 0 ? changed : Mutate(changed, random);
        }

        ByteArrayContent content = new(changed);
        content.Headers.TryAddWithoutValidation("Content-Type", random.Next(50) == 0 ? "text/plain" : "application/json");
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return new HttpRequestMessage(HttpMethod.Post, random.Next(20) == 0 ? MutatePath(path, random) : path) { Content = content };
    }

    private static string MutatePath(string path, Random random)
    {
        string[] parts = ["%00", "%2F", "%", "..", "%ff", "%C3%A9", "?", "?a=%zz&a", "x"];
        return path.Insert(random.Next(1, path.Length + 1), parts[random.Next(parts.Length)]);
    }

    private static byte[] Compress(byte[] body, string encoding)
    {
        MemoryStream result = new();
        using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(result, CompressionLevel.Fastest),
            "br" => new BrotliStream(result, CompressionLevel.Fastest),
            "deflate" => new ZLibStream(result, CompressionLevel.Fastest),
            _ => result,
        })
        {
            stream.Write(body);
        }

        return result.ToArray();
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        List<byte> bytes = [.. body];
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 8), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
                    break;
                default:
                    ReplaceValue(bytes, random);
                    break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Replaces the value after a random colon or comma with a fragment.</summary>
    private static void ReplaceValue(List<byte> bytes, Random random)
    {
        int[] starts = [.. Enumerable.Range(0, bytes.Count).Where(i => bytes[i] is (byte)':' or (byte)',' or (byte)'[')];
        if (starts.Length == 0)
        {
            return;
        }

        int start = starts[random.Next(starts.Length)] + 1;
        int end = start;
        while (end < bytes.Count && bytes[end] is not ((byte)',' or (byte)'}' or (byte)']'))
        {
            end++;
        }

        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
    }
}
