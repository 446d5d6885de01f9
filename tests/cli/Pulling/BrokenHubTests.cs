using System.Diagnostics;
using HunyuanOrleans.Cli.Pulling;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>The verb pull with hubs and networks that fail: complete files are correct, and incomplete files never have their final name.</summary>
public sealed class BrokenHubTests : IDisposable
{
    private const int Size = 1_000_000;

    private readonly TestHub _hub = new();
    private readonly TempFolder _folder = new();
    private readonly byte[] _content;

    public BrokenHubTests() => _content = _hub.Add("model.safetensors", Size);

    [Fact]
    public async Task Broken_connections_are_resumed_where_they_broke()
    {
        const int Piece = 70_000;
        FileAnswers(request => TestHub.Part(_content, request.From) with { CutAfter = Math.Min(Piece, Size - request.From) });
        TestPull pull = new(_hub.Url);
        await pull.RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        // The connection breaks more often than there are attempts, because each attempt advances. No byte is requested twice.
        int[] asked = [.. _hub.FileRequests.Select(static r => r.From)];
        Assert.True(asked.Length > RetryPolicy.MaxAttempts);
        Assert.Equal(Enumerable.Range(0, asked.Length).Select(static i => i * Piece), asked);
        Assert.Equal(Size, pull.Progress!.ReceivedBytes);
        Assert.Contains("the connection broke after 70000 of 1000000 bytes", pull.Warnings.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_always_breaks_at_the_same_byte_fails()
    {
        FileAnswers(request => request.From == 0 ? new HubResponse(200, _content) { CutAfter = 500 } : new HubResponse(503, []));
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains($"Gave up after {RetryPolicy.MaxAttempts} attempts", fault.Message, StringComparison.Ordinal);
        Assert.Empty(PulledFolder.Names(_folder.File("m")));
        Assert.Equal(500, new FileInfo(Path.Combine(_folder.File("m"), Assert.Single(PulledFolder.Names(_folder.File("m"), parts: true)))).Length);
    }

    [Fact]
    public async Task A_stopped_pull_leaves_no_incomplete_file_and_the_next_pull_resumes_it()
    {
        TaskCompletionSource sent = new();
        FileAnswers(_ => new HubResponse(200, _content) { CutAfter = Size / 2, BeforeCut = HoldAsync(sent) });
        using (Process process = CliProcess.Start(["pull", "acme/tiny", "--to", _folder.File("m")], new Dictionary<string, string> { ["HF_ENDPOINT"] = _hub.Url, ["NO_PROXY"] = "127.0.0.1" }))
        {
            await sent.Task.WaitAsync(Wait.Limit);
            await Wait.UntilAsync(() => PartBytes() == Size / 2);
            CliProcess.Interrupt(process);
            await process.WaitForExitAsync().WaitAsync(Wait.Limit);
            Assert.Equal(1, process.ExitCode);
        }

        Assert.Empty(PulledFolder.Names(_folder.File("m")));
        _hub.Intercept = static _ => null;
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        Assert.Equal([0, Size / 2], _hub.FileRequests.Select(static r => r.From));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);

        static async Task HoldAsync(TaskCompletionSource sent)
        {
            sent.SetResult();
            await Task.Delay(Timeout.Infinite);
        }
    }

    [Fact]
    public async Task A_connection_that_stalls_counts_as_broken()
    {
        FileAnswers(request => request.From == 0 ? new HubResponse(200, _content) { CutAfter = 5000, BeforeCut = Task.Delay(Timeout.Infinite) } : _hub.Answer(request));
        TestPull pull = new(_hub.Url) { StallTimeout = TimeSpan.FromSeconds(2) };
        await pull.RunAsync(_folder.File("m"));
        Assert.Contains(pull.Warnings, static warning => warning.Contains("no data arrived for 2 s", StringComparison.Ordinal));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-999_000)]
    [InlineData(+1)]
    [InlineData(+5_000_000)]
    public async Task Wrong_lengths_are_detected(int difference)
    {
        int responses = 0;
        FileAnswers(request =>
        {
            HubResponse correct = _hub.Answer(request);
            int length = correct.Length + difference;
            return Interlocked.Increment(ref responses) <= 3
                ? correct with { Length = Math.Max(0, length), Body = correct.Body[..Math.Clamp(length, 0, correct.Body.Length)] }
                : correct;
        });
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
    }

    [Fact]
    public async Task More_bytes_than_listed_are_not_kept()
    {
        FileAnswers(_ => new HubResponse(200, [.. _content, 7]));
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("more than the 1000000 bytes it lists", fault.Message, StringComparison.Ordinal);
        Assert.Empty(PulledFolder.Names(_folder.File("m")));
    }

    [Theory]
    [InlineData(429, "17", 17)]
    [InlineData(503, "40", 40)]
    [InlineData(429, null, 0.5)]
    [InlineData(500, null, 0.5)]
    [InlineData(502, "0", 0)]
    public async Task Busy_hubs_are_retried_after_the_delay_they_ask_for(int status, string? after, double atLeast)
    {
        bool listRefused = false, fileRefused = false;
        _hub.Intercept = request =>
        {
            if (request.IsFile ? fileRefused : listRefused)
            {
                return null;
            }

            (listRefused, fileRefused) = (true, request.IsFile);
            return Task.FromResult(HubResponse.Text(status, "busy", after is null ? [] : [("Retry-After", after)]));
        };
        TestPull pull = new(_hub.Url);
        await pull.RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.Equal(2, pull.Delays.Count);
        Assert.All(pull.Delays, delay => Assert.InRange(delay.TotalSeconds, atLeast, (atLeast * 1.5) + 0.001));
        Assert.All(pull.Warnings, warning => Assert.Contains($"answers {status}", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_retry_date_is_obeyed_and_delays_grow()
    {
        FileAnswers(request => _hub.FileRequests.Length == 1
            ? HubResponse.Text(429, "", ("Retry-After", DateTimeOffset.UtcNow.AddMinutes(5).ToString("R")))
            : HubResponse.Text(503, ""));
        TestPull pull = new(_hub.Url);
        await Assert.ThrowsAsync<HubException>(() => pull.RunAsync(_folder.File("m")));
        double[] seconds = [.. pull.Delays.Select(static p => p.TotalSeconds)];
        Assert.Equal(RetryPolicy.MaxAttempts - 1, seconds.Length);
        Assert.InRange(seconds[0], 200, 450);
        // Each delay doubles and adds at most half at random, so delays do not shrink before they reach the maximum.
        Assert.Equal(seconds[1..].Order(), seconds[1..]);
        Assert.InRange(seconds[^1], 30, 45);
    }

    [Fact]
    public async Task A_hub_that_asks_for_too_long_a_delay_is_an_error()
    {
        _hub.Intercept = _ => Task.FromResult(HubResponse.Text(429, "", ("Retry-After", "7200")));
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("120 minutes", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_ignores_ranges_sends_the_whole_file_again()
    {
        FileAnswers(_ => _hub.FileRequests.Length == 1 ? new HubResponse(200, _content) { CutAfter = 400_000 } : new HubResponse(200, _content));
        TestPull pull = new(_hub.Url);
        await pull.RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.Equal(Size + 400_000, pull.Progress!.ReceivedBytes);
        Assert.Equal((Size, TimeSpan.Zero), (pull.Progress.GetProgress().Done, pull.Progress.GetProgress().Left));
    }

    [Theory]
    [InlineData(416)]
    [InlineData(206)]
    public async Task A_refused_or_wrong_range_restarts_the_file(int status)
    {
        FileAnswers(request => request.From == 0
            ? _hub.FileRequests.Length == 1 ? new HubResponse(200, _content) { CutAfter = 1000 } : new HubResponse(200, _content)
            : new HubResponse(status, status == 206 ? _content[5..] : [], ("Content-Range", status == 206 ? $"bytes 5-{Size - 1}/{Size}" : $"bytes */{Size}")));
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.Equal([0, 1000, 0], _hub.FileRequests.Select(static r => r.From));
    }

    [Theory]
    [InlineData("model.safetensors", "sha256")]
    [InlineData("config.json", "git blob sha1")]
    public async Task A_wrong_content_is_downloaded_once_more_before_it_is_an_error(string path, string digest)
    {
        byte[] right = path == "config.json" ? _hub.Add(path, 9999) : _content;
        byte[] wrong = [.. right];
        wrong[^1] ^= 4;
        int wrongs = 1;
        _hub.Intercept = request => request.Target.EndsWith(path, StringComparison.Ordinal) && Interlocked.Decrement(ref wrongs) >= 0
            ? Task.FromResult(TestHub.Part(wrong, request.From))
            : null;
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);

        wrongs = 2;
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("n")));
        Assert.StartsWith($"{path}: its {digest} is ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(path, PulledFolder.Names(_folder.File("n")));
    }

    [Fact]
    public async Task A_partial_file_of_another_version_is_deleted()
    {
        FileAnswers(_ => new HubResponse(404, []) { Headers = [("X-Error-Code", "EntryNotFound")] });
        Directory.CreateDirectory(_folder.File("m/.pull"));
        File.WriteAllText(_folder.File("m/.pull/model.safetensors.0123456789abcdef.part"), "old");
        File.WriteAllText(_folder.File("m/.pull/model.safetensors.index.json.0123456789abcdef.part"), "another file's");
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("no file", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(".pull/model.safetensors.0123456789abcdef.part", PulledFolder.Names(_folder.File("m"), parts: true));
        Assert.Contains(".pull/model.safetensors.index.json.0123456789abcdef.part", PulledFolder.Names(_folder.File("m"), parts: true));
    }

    [Fact]
    public async Task An_expired_address_on_another_host_is_requested_again()
    {
        int given = 0;
        using HubSocket elsewhere = new(request => Task.FromResult(
            request.Target == "/2" ? TestHub.Part(_content, request.From) : HubResponse.Text(403, "expired")));
        FileAnswers(_ => HubResponse.Text(302, "", ("Location", $"{elsewhere.Url}/{Interlocked.Increment(ref given)}")));
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.Equal(2, given);
    }

    [Fact]
    public async Task A_hub_that_cannot_be_reached_is_an_error()
    {
        string gone = _hub.Url;
        _hub.Dispose();
        TestPull pull = new(gone);
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => pull.RunAsync(_folder.File("m")));
        Assert.Contains("cannot be reached", fault.Message, StringComparison.Ordinal);
        Assert.Equal(RetryPolicy.MaxAttempts - 1, pull.Delays.Count);
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private void FileAnswers(Func<HubRequest, HubResponse> answer) =>
        _hub.Intercept = request => request.IsFile ? Task.FromResult(answer(request)) : null;

    private long PartBytes() => Directory.Exists(_folder.File("m"))
        ? PulledFolder.Names(_folder.File("m"), parts: true).Sum(name => new FileInfo(Path.Combine(_folder.File("m"), name)).Length)
        : 0;
}
