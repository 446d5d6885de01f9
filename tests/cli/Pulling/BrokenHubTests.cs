using System.Diagnostics;
using HunyuanOrleans.Cli.Pulling;
using HunyuanOrleans.Model;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>pull against hubs and networks that fail: what is whole is right, and what is not has no final name.</summary>
public sealed class BrokenHubTests : IDisposable
{
    private const int Size = 1_000_000;

    private readonly TestHub _hub = new();
    private readonly TempFolder _folder = new();
    private readonly byte[] _content;

    public BrokenHubTests() => _content = _hub.Add("model.safetensors", Size);

    [Fact]
    public async Task Cut_connections_are_taken_up_where_they_broke()
    {
        const int Piece = 70_000;
        FileAnswers(request => TestHub.Part(_content, request.From) with { CutAfter = Math.Min(Piece, Size - request.From) });
        Puller puller = new(_hub.Url);
        await puller.RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);
        // More breaks than attempts: each got somewhere. What came before a break is not asked for again.
        int[] asked = [.. _hub.FileRequests.Select(static r => r.From)];
        Assert.True(asked.Length > Patience.Attempts);
        Assert.Equal(Enumerable.Range(0, asked.Length).Select(static i => i * Piece), asked);
        Assert.Equal(Size, puller.Meter!.ReceivedBytes);
        Assert.Contains("the connection broke after 70000 of 1000000 bytes", puller.Told.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_always_breaks_at_the_same_place_is_given_up()
    {
        FileAnswers(request => request.From == 0 ? new HubResponse(200, _content) { CutAfter = 500 } : new HubResponse(503, []));
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new Puller(_hub.Url).RunAsync(_folder["m"]));
        Assert.Contains($"Given up after {Patience.Attempts} attempts", fault.Message, StringComparison.Ordinal);
        Assert.Empty(PulledFolder.Names(_folder["m"]));
        Assert.Equal(500, new FileInfo(Path.Combine(_folder["m"], Assert.Single(PulledFolder.Names(_folder["m"], parts: true)))).Length);
    }

    [Fact]
    public async Task A_stopped_pull_leaves_no_half_file_and_is_taken_up_by_the_next()
    {
        TaskCompletionSource sent = new();
        FileAnswers(_ => new HubResponse(200, _content) { CutAfter = Size / 2, Hold = HoldAsync(sent) });
        using (Process process = CliProcess.Start(["pull", "acme/tiny", "--to", _folder["m"]], new Dictionary<string, string> { ["HF_ENDPOINT"] = _hub.Url, ["NO_PROXY"] = "127.0.0.1" }))
        {
            await sent.Task.WaitAsync(TimeSpan.FromMinutes(1));
            await UntilAsync(() => PartBytes() == Size / 2);
            CliProcess.Interrupt(process);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(1, process.ExitCode);
        }

        Assert.Empty(PulledFolder.Names(_folder["m"]));
        _hub.Intercept = static _ => null;
        await new Puller(_hub.Url).RunAsync(_folder["m"]);
        Assert.Equal([0, Size / 2], _hub.FileRequests.Select(static r => r.From));
        PulledFolder.Holds(_folder["m"], _hub.Files);

        static async Task HoldAsync(TaskCompletionSource sent)
        {
            sent.SetResult();
            await Task.Delay(Timeout.Infinite);
        }
    }

    [Fact]
    public async Task A_silent_hub_counts_as_broken()
    {
        FileAnswers(request => request.From == 0 ? new HubResponse(200, _content) { CutAfter = 5000, Hold = Task.Delay(Timeout.Infinite) } : _hub.Answer(request));
        Puller puller = new(_hub.Url) { Stall = TimeSpan.FromSeconds(2) };
        await puller.RunAsync(_folder["m"]);
        Assert.Contains("nothing came for 2 s", Assert.Single(puller.Told), StringComparison.Ordinal);
        PulledFolder.Holds(_folder["m"], _hub.Files);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-999_000)]
    [InlineData(+1)]
    [InlineData(+5_000_000)]
    public async Task Wrong_lengths_are_not_believed(int lie)
    {
        int told = 0;
        FileAnswers(request =>
        {
            HubResponse honest = _hub.Answer(request);
            // A length that is too short ends the answer there; one that is too long breaks it.
            return Interlocked.Increment(ref told) <= 3
                ? honest with { Length = Math.Max(0, honest.Length + lie), Body = honest.Body[..Math.Clamp(honest.Length + lie, 0, honest.Body.Length)] }
                : honest;
        });
        await new Puller(_hub.Url).RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);
    }

    [Fact]
    public async Task More_bytes_than_listed_are_not_kept()
    {
        FileAnswers(_ => new HubResponse(200, [.. _content, 7]));
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new Puller(_hub.Url).RunAsync(_folder["m"]));
        Assert.Contains("more than the 1000000 bytes it lists", fault.Message, StringComparison.Ordinal);
        Assert.Empty(PulledFolder.Names(_folder["m"]));
    }

    [Theory]
    [InlineData(429, "17", 17)]
    [InlineData(503, "40", 40)]
    [InlineData(429, null, 0.5)]
    [InlineData(500, null, 0.5)]
    [InlineData(502, "0", 0)]
    public async Task Busy_hubs_are_asked_again_when_they_say(int status, string? after, double atLeast)
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
        Puller puller = new(_hub.Url);
        await puller.RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);
        Assert.Equal(2, puller.Pauses.Count);
        Assert.All(puller.Pauses, pause => Assert.InRange(pause.TotalSeconds, atLeast, (atLeast * 1.5) + 0.001));
        Assert.All(puller.Told, told => Assert.Contains($"answers {status}", told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_moment_to_come_back_is_kept_and_pauses_grow()
    {
        FileAnswers(request => _hub.FileRequests.Length == 1
            ? HubResponse.Text(429, "", ("Retry-After", DateTimeOffset.UtcNow.AddMinutes(5).ToString("R")))
            : HubResponse.Text(503, ""));
        Puller puller = new(_hub.Url);
        await Assert.ThrowsAsync<HubException>(() => puller.RunAsync(_folder["m"]));
        double[] seconds = [.. puller.Pauses.Select(static p => p.TotalSeconds)];
        Assert.Equal(Patience.Attempts - 1, seconds.Length);
        Assert.InRange(seconds[0], 200, 450);
        // Half more at most, of double the last: they never shrink until they reach the longest.
        Assert.Equal(seconds[1..].Order(), seconds[1..]);
        Assert.InRange(seconds[^1], 30, 45);
    }

    [Fact]
    public async Task A_hub_that_asks_for_too_long_a_wait_is_an_error()
    {
        _hub.Intercept = _ => Task.FromResult(HubResponse.Text(429, "", ("Retry-After", "7200")));
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new Puller(_hub.Url).RunAsync(_folder["m"]));
        Assert.Contains("120 minutes", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_ignores_ranges_sends_all_again()
    {
        FileAnswers(_ => _hub.FileRequests.Length == 1 ? new HubResponse(200, _content) { CutAfter = 400_000 } : new HubResponse(200, _content));
        Puller puller = new(_hub.Url);
        await puller.RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);
        Assert.Equal(Size + 400_000, puller.Meter!.ReceivedBytes);
        Assert.Equal((Size, TimeSpan.Zero), (puller.Meter.Look().Done, puller.Meter.Look().Left));
    }

    [Theory]
    [InlineData(416)]
    [InlineData(206)]
    public async Task A_refused_or_wrong_range_begins_anew(int status)
    {
        FileAnswers(request => request.From == 0
            ? _hub.FileRequests.Length == 1 ? new HubResponse(200, _content) { CutAfter = 1000 } : new HubResponse(200, _content)
            : new HubResponse(status, status == 206 ? _content[5..] : [], ("Content-Range", status == 206 ? $"bytes 5-{Size - 1}/{Size}" : $"bytes */{Size}")));
        await new Puller(_hub.Url).RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);
        Assert.Equal([0, 1000, 0], _hub.FileRequests.Select(static r => r.From));
    }

    [Theory]
    [InlineData("model.safetensors", "sha256")]
    [InlineData("config.json", "git blob sha1")]
    public async Task A_wrong_content_is_fetched_once_more_and_then_an_error(string path, string digest)
    {
        byte[] right = path == "config.json" ? _hub.Add(path, 9999) : _content;
        byte[] wrong = [.. right];
        wrong[^1] ^= 4;
        int wrongs = 1;
        _hub.Intercept = request => request.Target.EndsWith(path, StringComparison.Ordinal) && Interlocked.Decrement(ref wrongs) >= 0
            ? Task.FromResult(TestHub.Part(wrong, request.From))
            : null;
        await new Puller(_hub.Url).RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);

        wrongs = 2;
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new Puller(_hub.Url).RunAsync(_folder["n"]));
        Assert.StartsWith($"{path}: its {digest} is ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(path, PulledFolder.Names(_folder["n"]));
    }

    [Fact]
    public async Task What_was_begun_of_another_content_is_dropped()
    {
        FileAnswers(_ => new HubResponse(404, []) { Headers = [("X-Error-Code", "EntryNotFound")] });
        Directory.CreateDirectory(_folder["m/.pull"]);
        File.WriteAllText(_folder["m/.pull/model.safetensors.0123456789abcdef.part"], "old");
        File.WriteAllText(_folder["m/.pull/model.safetensors.index.json.0123456789abcdef.part"], "another file's");
        HubException fault = await Assert.ThrowsAsync<HubException>(() => new Puller(_hub.Url).RunAsync(_folder["m"]));
        Assert.Contains("no file", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(".pull/model.safetensors.0123456789abcdef.part", PulledFolder.Names(_folder["m"], parts: true));
        Assert.Contains(".pull/model.safetensors.index.json.0123456789abcdef.part", PulledFolder.Names(_folder["m"], parts: true));
    }

    [Fact]
    public async Task An_address_elsewhere_that_is_no_longer_valid_is_asked_for_anew()
    {
        int given = 0;
        using HubSocket elsewhere = new(request => Task.FromResult(
            request.Target == "/2" ? TestHub.Part(_content, request.From) : HubResponse.Text(403, "expired")));
        FileAnswers(_ => HubResponse.Text(302, "", ("Location", $"{elsewhere.Url}/{Interlocked.Increment(ref given)}")));
        await new Puller(_hub.Url).RunAsync(_folder["m"]);
        PulledFolder.Holds(_folder["m"], _hub.Files);
        Assert.Equal(2, given);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_given_up()
    {
        string gone = _hub.Url;
        _hub.Dispose();
        Puller puller = new(gone);
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => puller.RunAsync(_folder["m"]));
        Assert.Contains("cannot be reached", fault.Message, StringComparison.Ordinal);
        Assert.Equal(Patience.Attempts - 1, puller.Pauses.Count);
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private void FileAnswers(Func<HubRequest, HubResponse> answer) =>
        _hub.Intercept = request => request.IsFile ? Task.FromResult(answer(request)) : null;

    private long PartBytes() => Directory.Exists(_folder["m"])
        ? PulledFolder.Names(_folder["m"], parts: true).Sum(name => new FileInfo(Path.Combine(_folder["m"], name)).Length)
        : 0;

    private static async Task UntilAsync(Func<bool> done)
    {
        for (int i = 0; !done(); i++)
        {
            Assert.True(i < 1200, "It did not happen within a minute.");
            await Task.Delay(50);
        }
    }
}
