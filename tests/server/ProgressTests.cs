using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>llama.cpp's return_progress: chunks that tell how far the prompt is computed.</summary>
public sealed class ProgressTests
{
    private const string Body = """{"stream":true,"return_progress":true,"messages":[{"role":"user","content":"a"}]}""";

    [Fact]
    public async Task Progress_is_sent_before_the_first_token()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath) { Content = TestServer.Content(Body) };
        using HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(Assert.Single(generator.Requests).ReportProgress);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        foreach (int processed in new[] { 7, 20 })
        {
            generator.Report(new PromptProgress(32, 7, processed, TimeSpan.FromMilliseconds(1500.7)));
            string line = (await reader.ReadLineAsync())!;
            JsonElement chunk = JsonDocument.Parse(line["data: ".Length..]).RootElement;
            Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString());
            Assert.Empty(chunk.GetProperty("choices").EnumerateArray());
            Assert.Equal(
                $$"""{"total":32,"cache":7,"processed":{{processed}},"time_ms":1500}""", chunk.GetProperty("prompt_progress").GetRawText());
            Assert.Equal("", await reader.ReadLineAsync());
        }

        generator.Report(new PromptProgress(32, 7, 32, TimeSpan.FromSeconds(2)));
        generator.Emit("a", FinishReason.Stop);
        string[] rest = (await reader.ReadToEndAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("\"processed\":32,", rest[0], StringComparison.Ordinal);
        Assert.DoesNotContain(rest[1..], line => line.Contains("prompt_progress", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Bodies.ChatPath, "messages")]
    [InlineData(Bodies.CompletionPath, "prompt")]
    public async Task The_progress_of_each_choice_rises_to_the_whole_prompt(string path, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(scheduler: new SchedulerOptions { PrefillChunk = 16 });
        string question = string.Concat(Enumerable.Repeat("很长的问题。", 60));
        string prompt = parameter == "prompt" ? $"\"prompt\":\"{question}\"" : $"\"messages\":[{{\"role\":\"user\",\"content\":\"{question}\"}}]";
        for (int run = 0; run < 2; run++)
        {
            EventStream stream = await server.StreamAsync(
                path, $$$"""{{{{prompt}}},"n":2,"max_tokens":2,"ignore_eos":true,"stream":true,"return_progress":true,"stream_options":{"include_usage":true}}""");
            int tokens = stream.Chunks[^1].GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
            JsonElement[] all = [.. stream.Chunks.Where(chunk => chunk.TryGetProperty("prompt_progress", out _))];
            Assert.All(all, chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
            foreach (int choice in new[] { 0, 1 })
            {
                JsonElement[] progress = [.. all.Select(chunk => chunk.GetProperty("prompt_progress")).Where(p => p.GetProperty("index").GetInt32() == choice)];
                int[] processed = [.. progress.Select(p => p.GetProperty("processed").GetInt32())];
                Assert.Equal(processed.Order(), processed);
                Assert.Equal(tokens, processed[^1]);
                Assert.All(progress, p => Assert.Equal(tokens, p.GetProperty("total").GetInt32()));
                Assert.All(progress, p => Assert.Equal(run + choice > 0, p.GetProperty("cache").GetInt32() > 0));
            }
        }

        EventStream silent = await server.StreamAsync(path, $$"""{{{prompt}},"max_tokens":2,"stream":true}""");
        Assert.DoesNotContain("prompt_progress", silent.Raw, StringComparison.Ordinal);
    }
}
