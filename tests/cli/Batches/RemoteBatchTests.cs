using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Cli.Batches;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.TestSupport;
using Xunit;
using static HunyuanOrleans.Cli.Tests.Batches.BatchFolder;

namespace HunyuanOrleans.Cli.Tests.Batches;

/// <summary>The verb run-batch with a server.</summary>
public sealed class RemoteBatchTests
{
    [Fact]
    public async Task A_server_gives_the_answers_that_a_model_in_the_process_gives()
    {
        string[] lines = [.. Enumerable.Range(0, 8).Select(i => Chat($"r{i}", $"What is {i}+2?", ",\"temperature\":0")), Completion("t", "abc", ",\"max_tokens\":5,\"temperature\":0")];
        using Serving serving = await Serving.StartAsync();
        using BatchFolder remote = new BatchFolder().Write(lines), local = new BatchFolder().Write(lines);
        remote.Run("--url", serving.Url + "/v1", "--max-concurrency", "3", "--json").Json();
        local.Run("--json").Json();
        Assert.Equal(Texts(local), Texts(remote));
    }

    [Fact]
    public async Task Busy_servers_are_asked_again_and_see_the_key()
    {
        ConcurrentQueue<string?> keys = [];
        int calls = 0;
        await using TestServer server = new(context =>
        {
            keys.Enqueue(context.Request.Headers["Authorization"]);
            context.Response.Headers["Retry-After"] = "0";
            return Interlocked.Increment(ref calls) switch
            {
                1 => (503, "<html>busy</html>"),
                2 => (429, "{}"),
                _ => (200, """{ "n" : 1.50 }"""),
            };
        });
        using BatchFolder batch = new BatchFolder().Write(Completion("a", "x"));
        batch.Run("--url", server.Url, "--api-key", "secret", "--json").Json();
        Assert.Equal(["Bearer secret", "Bearer secret", "Bearer secret"], keys);
        Assert.Contains("""{"status_code":200,"request_id":"","body":{"n":1.50}}""", File.ReadAllText(batch.Output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_json_is_kept_as_an_error()
    {
        await using TestServer server = new(_ => (502, "<html>\"bad\" gateway</html>"));
        using BatchFolder batch = new BatchFolder().Write(Completion("a", "x"));
        Assert.Equal(1, batch.Run("--url", server.Url, "--retries", "0").Code);
        JsonElement response = batch.Answers["a"].GetProperty("response");
        Assert.Equal(502, response.GetProperty("status_code").GetInt32());
        Assert.Equal("<html>\"bad\" gateway</html>", response.GetProperty("body").GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public void Without_a_server_the_batch_ends_soon_and_a_later_run_answers_it()
    {
        using BatchFolder batch = new BatchFolder().Write([.. Enumerable.Range(0, 100).Select(i => Completion($"r{i}", "x", ",\"max_tokens\":1"))]);
        CliResult result = batch.Run("--url", "http://127.0.0.1:1", "--retries", "0", "--max-concurrency", "4");
        Assert.Equal(1, result.Code);
        Assert.Contains("does not respond any more", result.Error, StringComparison.Ordinal);
        Assert.InRange(batch.Answers.Count, 4, 20);
        Assert.All(batch.Answers.Values, answer => Assert.Equal("request_failed", answer.GetProperty("error").GetProperty("code").GetString()));
        JsonElement json = batch.Run("--json").Json();
        Assert.Equal((0, 100), (json.GetProperty("answered_before").GetInt32(), json.GetProperty("succeeded").GetInt32()));
        Assert.Equal(100, batch.Answers.Count);
    }

    [Fact]
    public void Two_processes_do_not_write_the_same_file()
    {
        using BatchFolder batch = new BatchFolder().Write(Completion("a", "x"));
        Dictionary<string, string> ids = new BatchInput(batch.Input).Check();
        using (BatchOutput.Open(batch.Output, ids))
        {
            batch.Run().FailedWith(1, batch.Output, "another process");
        }

        using BatchOutput again = BatchOutput.Open(batch.Output, ids);
        Assert.Equal(0, again.AnsweredBefore);
    }

    private static string[] Texts(BatchFolder batch) =>
        [.. batch.Answers.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value.GetProperty("response").GetProperty("body").GetProperty("choices").GetRawText())];

    /// <summary>A server whose answers a test decides.</summary>
    private sealed class TestServer : IAsyncDisposable
    {
        private const int StartAttempts = 20;

        private readonly HttpListener _listener;
        private readonly Task _running;

        public TestServer(Func<HttpListenerContext, (int Status, string Body)> answer)
        {
            (_listener, Url) = Listen();
            _running = RunAsync(answer);
        }

        public string Url { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _running;
        }

        // Another process may take a port between the search and the start.
        private static (HttpListener Listener, string Url) Listen()
        {
            for (int attempt = 1; ; attempt++)
            {
                string url = $"http://127.0.0.1:{Ports.FindFree()}/";
                HttpListener listener = new();
                listener.Prefixes.Add(url);
                try
                {
                    listener.Start();
                    return (listener, url);
                }
                catch (HttpListenerException) when (attempt < StartAttempts)
                {
                    listener.Close();
                }
            }
        }

        private async Task RunAsync(Func<HttpListenerContext, (int Status, string Body)> answer)
        {
            while (true)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                (int status, string body) = answer(context);
                context.Response.StatusCode = status;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                context.Response.Close();
            }
        }
    }
}
