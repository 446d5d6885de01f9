using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Xunit;
using static HunyuanOrleans.Cli.Tests.Batches.BatchFolder;

namespace HunyuanOrleans.Cli.Tests.Batches;

/// <summary>The verb run-batch with a model in its own process.</summary>
public sealed class RunBatchTests
{
    private const string France = "What is the capital of France?", Paris = "The capital of France is Paris.";

    [Fact]
    public void Chats_and_texts_are_answered_in_openais_format()
    {
        using BatchFolder batch = new BatchFolder().Write(
            Chat("a", France, ",\"temperature\":0"), "", Completion("b", "hello", ",\"max_tokens\":3,\"temperature\":0"), Chat("丙", "法国的首都是哪里？"));
        CliResult result = batch.Run("--json");
        JsonElement json = result.Json();
        Assert.Equal(
            (3, 0, 3, 0),
            (Int(json, "requests"), Int(json, "answered_before"), Int(json, "succeeded"), Int(json, "failed")));
        Assert.Equal(batch.Output, json.GetProperty("output").GetString());
        Assert.Contains("Answering: 3 of 3", result.Error, StringComparison.Ordinal);

        Dictionary<string, JsonElement> answers = batch.Answers;
        Assert.Equal(["a", "b", "丙"], answers.Keys.Order(StringComparer.Ordinal));
        foreach (JsonElement answer in answers.Values)
        {
            Assert.Equal(["id", "custom_id", "response", "error"], answer.EnumerateObject().Select(p => p.Name));
            Assert.Equal(["status_code", "request_id", "body"], answer.GetProperty("response").EnumerateObject().Select(p => p.Name));
            Assert.StartsWith("batch_req_", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
            Assert.NotEqual("", answer.GetProperty("response").GetProperty("request_id").GetString());
            Assert.Equal(JsonValueKind.Null, answer.GetProperty("error").ValueKind);
        }

        Assert.Equal(Paris, Content(answers["a"]));
        Assert.Equal("法国的首都是巴黎。", Content(answers["丙"]));
        Assert.Contains("法国的首都是巴黎。", File.ReadAllText(batch.Output), StringComparison.Ordinal);
        JsonElement text = answers["b"].GetProperty("response").GetProperty("body");
        Assert.Equal("text_completion", text.GetProperty("object").GetString());
        Assert.Equal(answers.Values.Sum(a => Int(a.GetProperty("response").GetProperty("body").GetProperty("usage"), "completion_tokens")), Int(json, "answer_tokens"));
    }

    [Fact]
    public void Requests_that_a_server_refuses_are_told_and_sent_again_by_the_next_run()
    {
        using BatchFolder batch = new BatchFolder().Write(Chat("good", France), Chat("bad", France, ",\"temperature\":-7"));
        CliResult first = batch.Run();
        Assert.Equal(1, first.Code);
        Assert.Contains("2 requests: 0 answered before, 1 succeeded and 1 failed", first.Output, StringComparison.Ordinal);
        JsonElement refused = batch.Answers["bad"].GetProperty("response");
        Assert.Equal(400, Int(refused, "status_code"));
        Assert.Equal("temperature", refused.GetProperty("body").GetProperty("error").GetProperty("param").GetString());
        string good = File.ReadAllLines(batch.Output).Single(line => line.Contains("\"good\"", StringComparison.Ordinal));

        // The line is still wrong, so it fails again, and the file has one answer to it.
        CliResult second = batch.Run();
        Assert.Equal(1, second.Code);
        Assert.Contains("1 answered before, 0 succeeded and 1 failed", second.Output, StringComparison.Ordinal);
        Assert.Equal(2, batch.Answers.Count);
        Assert.Contains(good, File.ReadAllLines(batch.Output));
    }

    [Fact]
    public void Another_name_of_the_model_is_served_if_it_is_given()
    {
        using BatchFolder batch = new BatchFolder().Write(Chat("a", France).Replace("demo-model", "gpt-x", StringComparison.Ordinal));
        Assert.Equal(1, batch.Run().Code);
        Assert.Equal(404, Int(batch.Answers["a"].GetProperty("response"), "status_code"));
        Assert.Equal(0, batch.Run("--served-model-name", "gpt-x", "--mode", "f32").Code);
        Assert.Equal(Paris, Content(batch.Answers["a"]));
    }

    [Fact]
    public void A_half_written_line_is_mended_and_answered_requests_are_not_sent_again()
    {
        using BatchFolder batch = new BatchFolder().Write([.. Enumerable.Range(0, 6).Select(i => Completion($"r{i}", "abc", $",\"max_tokens\":{i + 1}"))]);
        batch.Run("--max-concurrency", "1", "--json").Json();
        string[] all = File.ReadAllLines(batch.Output);
        Assert.Equal(6, all.Length);

        // Three answers, and half of the fourth.
        File.WriteAllText(batch.Output, string.Join('\n', all[..3]) + "\n" + all[3][..(all[3].Length / 2)]);
        JsonElement json = batch.Run("--json").Json();
        Assert.Equal((3, 3), (Int(json, "answered_before"), Int(json, "succeeded")));
        Assert.Equal(all[..3], File.ReadAllLines(batch.Output)[..3]);
        Assert.Equal(6, batch.Answers.Count);

        // Only the beginning of an id is left of the second answer, and then only a brace.
        foreach (int length in new[] { all[1].IndexOf("batch_", StringComparison.Ordinal) + 3, 1 })
        {
            File.WriteAllText(batch.Output, all[0] + "\n" + all[1][..length]);
            Assert.Equal(1, Int(batch.Run("--json").Json(), "answered_before"));
            Assert.Equal(6, batch.Answers.Count);
        }

        // The last line is complete but for its line break.
        File.WriteAllText(batch.Output, string.Join('\n', all[..5]));
        Assert.Equal(5, Int(batch.Run("--json").Json(), "answered_before"));
        Assert.Equal(all[..5], File.ReadAllLines(batch.Output)[..5]);
        Assert.Equal(6, batch.Answers.Count);

        // Nothing is left to do, so no model is needed.
        byte[] complete = File.ReadAllBytes(batch.Output);
        Assert.Equal(6, Int(batch.Run("--json", "--url", "http://127.0.0.1:1").Json(), "answered_before"));
        Assert.Equal(complete, File.ReadAllBytes(batch.Output));
    }

    [Fact]
    public async Task A_killed_run_loses_no_answer()
    {
        using BatchFolder batch = new BatchFolder().Write(
            [.. Enumerable.Range(0, 40).Select(i => Completion($"r{i}", $"abc {i}", ",\"max_tokens\":200,\"ignore_eos\":true,\"temperature\":0"))]);
        using (Process process = CliProcess.Start(["run-batch", "-i", batch.Input, "-o", batch.Output, "--max-concurrency", "2"], null))
        {
            await Wait.UntilAsync(() => process.HasExited || (File.Exists(batch.Output) && new FileInfo(batch.Output).Length > 3000), "some answers are written");
            process.Kill();
            await process.WaitForExitAsync();
        }

        string text = await File.ReadAllTextAsync(batch.Output);
        string[] saved = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(saved);
        JsonElement json = batch.Run("--json").Json();
        Assert.Equal(saved.Length, Int(json, "answered_before"));
        Assert.Equal(saved, File.ReadAllLines(batch.Output)[..saved.Length]);
        Assert.Equal(40, batch.Answers.Count);
        Assert.All(batch.Answers.Values, answer => Assert.Equal(200, Int(answer.GetProperty("response"), "status_code")));
    }

    [SkippableFact]
    public async Task An_interrupted_run_keeps_its_answers_and_says_that_it_stopped()
    {
        Skip.If(OperatingSystem.IsWindows(), "Interrupts are sent by a shell.");
        using BatchFolder batch = new BatchFolder().Write(
            [.. Enumerable.Range(0, 40).Select(i => Completion($"r{i}", $"abc {i}", ",\"max_tokens\":2000,\"ignore_eos\":true,\"temperature\":2,\"seed\":1"))]);
        using Process process = CliProcess.Start(["run-batch", "-i", batch.Input, "-o", batch.Output, "--max-concurrency", "2"], null);
        await Wait.UntilAsync(() => process.HasExited || (File.Exists(batch.Output) && new FileInfo(batch.Output).Length > 0), "an answer is written");
        CliProcess.Interrupt(process);
        string error = await process.StandardError.ReadToEndAsync().WaitAsync(Wait.Limit);
        await process.WaitForExitAsync().WaitAsync(Wait.Limit);
        Assert.Equal(1, process.ExitCode);
        Assert.EndsWith("hunyuan run-batch: Stopped.\n", error, StringComparison.Ordinal);
        Assert.InRange(batch.Answers.Count, 1, 39);
        Assert.All(batch.Answers.Values, answer => Assert.Equal(200, Int(answer.GetProperty("response"), "status_code")));
    }

    [Theory]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions"}""", "line 2", "\"body\"")]
    [InlineData("""{"custom_id":"a","method":"GET","url":"/v1/completions","body":{}}""", "line 2", "POST", "'GET'")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}}""", "line 2", "/v1/chat/completions or /v1/completions", "'/v1/embeddings'")]
    [InlineData("""{"custom_id":7,"method":"POST","url":"/v1/completions","body":{}}""", "line 2", "\"custom_id\"")]
    [InlineData("""{"custom_id":"","method":"POST","url":"/v1/completions","body":{}}""", "line 2", "custom_id")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/completions","body":{"stream":true}}""", "line 2", "\"stream\"")]
    [InlineData("""{"custom_id":"first","method":"POST","url":"/v1/completions","body":{}}""", "custom_id 'first'")]
    [InlineData("[]", "line 2", "custom_id")]
    [InlineData("{", "line 2", "JSON")]
    public void Every_line_is_checked_before_the_first_request_is_sent(string line, params string[] parts)
    {
        using BatchFolder batch = new BatchFolder().Write(Completion("first", "x"), line);
        batch.Run().FailedWith(1, parts);
        Assert.False(File.Exists(batch.Output));
    }

    [Fact]
    public void Files_that_hold_something_else_are_left_as_they_are()
    {
        using BatchFolder batch = new BatchFolder().Write(Completion("a", "x", ",\"max_tokens\":1"));
        File.WriteAllText(batch.Output, "my diary\nsecond page\n");
        batch.Run().FailedWith(1, batch.Output, "line 1", "not an answer");
        Assert.Equal("my diary\nsecond page\n", File.ReadAllText(batch.Output));
        foreach (string line in new[] { "my diary", "{\"a\":1}", "{\"id\":\"other", "{\"id\":\"batch_req_1\"}" })
        {
            File.WriteAllText(batch.Output, line);
            batch.Run().FailedWith(1, batch.Output, "line 1", "not an answer");
            Assert.Equal(line, File.ReadAllText(batch.Output));
        }

        File.Delete(batch.Output);
        batch.Run("--json").Json();
        byte[] answered = File.ReadAllBytes(batch.Output);
        batch.Write(Completion("a", "y", ",\"max_tokens\":1")).Run().FailedWith(1, "line 1", "another request", "'a'");
        batch.Write(Completion("b", "x", ",\"max_tokens\":1")).Run().FailedWith(1, "line 1", "another request", "'a'");
        Assert.Equal(answered, File.ReadAllBytes(batch.Output));
    }

    [Theory]
    [InlineData("run-batch -i x", "--output-file", "required")]
    [InlineData("run-batch -o x", "--input-file", "required")]
    [InlineData("run-batch -i x -o ./x", "different files")]
    [InlineData("run-batch -i x -o y --url http://h --model z", "--model", "--url")]
    [InlineData("run-batch -i x -o y --url http://h --device cuda:0", "--device", "--url")]
    [InlineData("run-batch -i x -o y --url http://h --quant int4", "--quant", "--url")]
    [InlineData("run-batch -i x -o y --api-key k", "--api-key", "--url")]
    [InlineData("run-batch -i x -o y --url ftp://h", "ftp://h")]
    [InlineData("run-batch -i x -o y --max-concurrency 0", "--max-concurrency", "'0'")]
    public void Wrong_command_lines(string line, params string[] parts) => CliProcess.Run(line.Split(' ')).FailedWith(2, parts);

    [Fact]
    public void A_missing_file_is_reported_in_one_line()
    {
        using BatchFolder batch = new();
        batch.Run().FailedWith(1, batch.Input);
    }

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private static string Content(JsonElement answer) =>
        answer.GetProperty("response").GetProperty("body").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
}
