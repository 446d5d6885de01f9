using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>The requests of <c>vllm bench serve</c>, read as it reads them.</summary>
public sealed class VllmBenchTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Streamed = "\"stream\":true,\"stream_options\":{\"include_usage\":true}";

    // --backend openai and openai-chat, with --ignore-eos and --temperature 0.
    private const string Completion =
        "{\"model\":\"demo-model\",\"prompt\":\"What is the capital of France?\",\"repetition_penalty\":1.0,\"max_tokens\":12,\"logprobs\":null,"
        + Streamed + ",\"ignore_eos\":true,\"temperature\":0.0}";

    private const string Chat =
        "{\"model\":\"demo-model\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What is the capital of France?\"}]}],"
        + "\"max_completion_tokens\":12," + Streamed + ",\"ignore_eos\":true,\"temperature\":0.0}";

    [Theory]
    [InlineData(Bodies.CompletionPath, Completion)]
    [InlineData(Bodies.ChatPath, Chat)]
    public async Task Its_requests_are_answered_with_as_many_tokens_as_it_asks_for(string path, string body)
    {
        BenchOutput output = await SendAsync(demo.Server, path, body);
        Assert.Equal(12, output.Tokens);
        Assert.NotEqual("", output.Text);
        JsonElement whole = (await demo.Server.OkAsync(path, body.Replace(Streamed, "\"stream\":false", StringComparison.Ordinal))).GetProperty("choices")[0];
        Assert.Equal((whole.TryGetProperty("text", out JsonElement text) ? text : whole.GetProperty("message").GetProperty("content")).GetString(), output.Text);
    }

    [Theory]
    [InlineData(Bodies.CompletionPath, Completion)]
    [InlineData(Bodies.ChatPath, Chat)]
    public async Task It_reads_the_whole_answer_after_comments(string path, string body)
    {
        FakeTimeProvider time = new();
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(services: list => list.Add(new(typeof(TimeProvider), time)));
        List<string> reads = [];
        Task<BenchOutput> asked = SendAsync(server, path, body.Replace("demo-model", "scripted", StringComparison.Ordinal), reads);
        await generator.WaitForSubmissionsAsync(1);
        string[] parts = ["One", " two", " three"];
        foreach (string part in parts)
        {
            for (int comments = 0; comments < 2; comments++)
            {
                int before = Count(reads);
                time.Advance(TimeSpan.FromSeconds(10));
                await Wait.UntilAsync(() => Count(reads) > before);
            }

            int tokens = Count(reads);
            generator.Emit(part);
            await Wait.UntilAsync(() => Count(reads) > tokens);
        }

        generator.Emit("", FinishReason.Stop);
        BenchOutput output = await asked;
        Assert.Equal("One two three", output.Text);
        Assert.Contains(": keep-alive", reads);
        Assert.True(output.Tokens >= parts.Length);
    }

    private static int Count(List<string> reads)
    {
        lock (reads)
        {
            return reads.Count;
        }
    }

    private static async Task<BenchOutput> SendAsync(TestServer server, string path, string body, List<string>? reads = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = TestServer.Content(body), Headers = { { "x-request-id", "bench-0" } } };
        using HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        using Stream stream = await response.Content.ReadAsStreamAsync();
        BenchOutput output = new();
        byte[] bytes = new byte[64 * 1024];
        while (await stream.ReadAsync(bytes).AsTask().WaitAsync(Wait.Limit) is int read and > 0)
        {
            // It strips white space from what it reads at once, before it looks for the ends of events.
            string part = Encoding.UTF8.GetString(bytes, 0, read).Trim();
            output.Add(part);
            if (reads is not null)
            {
                lock (reads)
                {
                    reads.Add(part);
                }
            }
        }

        return output;
    }

    /// <summary>What the benchmark understands of a stream.</summary>
    private sealed class BenchOutput
    {
        private string _buffer = "";

        public string Text { get; private set; } = "";

        public int Tokens { get; private set; }

        public void Add(string part)
        {
            _buffer += part;
            for (int end; (end = _buffer.IndexOf("\n\n", StringComparison.Ordinal)) >= 0; _buffer = _buffer[(end + 2)..])
            {
                Read(_buffer[..end].Trim());
            }

            // What remains counts as an event as soon as its data is complete.
            if (_buffer.StartsWith("data: ", StringComparison.Ordinal) && (_buffer == "data: [DONE]" || IsJson(_buffer["data: ".Length..])))
            {
                Read(_buffer);
                _buffer = "";
            }
        }

        private void Read(string message)
        {
            if (message.Length == 0 || message[0] == ':' || message == "data: [DONE]")
            {
                return;
            }

            using JsonDocument document = JsonDocument.Parse(message["data: ".Length..]);
            JsonElement choices = document.RootElement.GetProperty("choices");
            if (choices.GetArrayLength() == 0)
            {
                Tokens = document.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
            }
            else if (choices[0].TryGetProperty("text", out JsonElement text) || choices[0].GetProperty("delta").TryGetProperty("content", out text))
            {
                Text += text.GetString();
            }
        }

        private static bool IsJson(string text)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(text);
                return true;
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }
}
