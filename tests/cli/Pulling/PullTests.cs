using System.Security.Cryptography;
using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>The verb pull with a hub that works.</summary>
public sealed class PullTests : IDisposable
{
    private readonly TestHub _hub = new();
    private readonly TempFolder _folder = new();

    public PullTests()
    {
        _hub.Add("config.json", 700);
        _hub.Add("model-1.safetensors", 300_000);
        _hub.Add("model-2.safetensors", 1_500_001);
        _hub.Add("nested/more/words and ünïcode#.txt", 33);
        _hub.Add("tokenizer.json", 5_000);
        _hub.Add("empty", 0);
    }

    [Fact]
    public void The_command_downloads_every_file_and_reports_it()
    {
        CliResult result = CliProcess.Run(["pull", "acme/tiny", "--to", _folder.File("m"), "--json"], "", Hub());
        JsonElement json = result.Json();
        Assert.Equal((TestHub.Commit, 6), (json.GetProperty("commit").GetString(), json.GetProperty("files").GetInt32()));
        Assert.Equal(_hub.Files.Values.Sum(static f => f.Length), json.GetProperty("received_bytes").GetInt64());
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.False(Directory.Exists(_folder.File("m/.pull")));
        Assert.EndsWith("/config.json", _hub.FileRequests[^1].Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_digests_of_large_files_stay_beside_them_in_the_format_of_sha256sum()
    {
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"), "*-2.safetensors");
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        Assert.Equal(
            ["model-1.safetensors", "model-2.safetensors"],
            File.ReadLines(_folder.File("m/SHA256SUMS")).Select(static line => line.Split("  ")[1]));
        Assert.All(
            File.ReadLines(_folder.File("m/SHA256SUMS")).Select(static line => line.Split("  ")),
            sum => Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(_hub.Files[sum[1]])), sum[0]));
    }

    [Fact]
    public async Task A_folder_without_all_of_its_weights_has_no_config()
    {
        _hub.Intercept = static request => request.Target.EndsWith("model-2.safetensors", StringComparison.Ordinal) ? Task.FromResult(HubResponse.Text(404, "")) : null;
        await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url) { Parallel = 1 }.RunAsync(_folder.File("m")));
        Assert.DoesNotContain("config.json", PulledFolder.Names(_folder.File("m")));
    }

    [Fact]
    public async Task Existing_files_are_verified_and_only_damaged_ones_are_downloaded_again()
    {
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        byte[] damaged = File.ReadAllBytes(_folder.File("m/model-1.safetensors"));
        damaged[1234] ^= 1;
        File.WriteAllBytes(_folder.File("m/model-1.safetensors"), damaged);
        int before = _hub.FileRequests.Length;
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.EndsWith("model-1.safetensors", Assert.Single(_hub.FileRequests.Skip(before)).Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_files_that_match_are_downloaded()
    {
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"), "*-2.safe*", "nested/*.txt", "config.jso?");
        Assert.Equal(["config.json", "model-2.safetensors", "nested/more/words and ünïcode#.txt"], PulledFolder.Names(_folder.File("m")));
        ModelException none = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("n"), "*.bin", "x"));
        Assert.Contains("None of the 6 files of acme/tiny matches *.bin or x", none.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("n")));
    }

    [Fact]
    public async Task Several_files_are_downloaded_at_once()
    {
        TaskCompletionSource three = new();
        int waiting = 0;
        _hub.Intercept = request => request.IsFile && _hub.Content(request).Length > 100 ? AnswerAsync(request) : null;
        await new TestPull(_hub.Url) { Parallel = 3 }.RunAsync(_folder.File("m")).WaitAsync(Wait.Limit);
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);

        async Task<HubResponse> AnswerAsync(HubRequest request)
        {
            // The hub answers no request before it has received three.
            if (Interlocked.Increment(ref waiting) == 3)
            {
                three.SetResult();
            }

            await three.Task;
            return _hub.Answer(request);
        }
    }

    [Fact]
    public async Task Long_lists_are_read_page_by_page()
    {
        string second = "";
        _hub.Intercept = request =>
        {
            if (!request.Target.Contains("/tree/", StringComparison.Ordinal))
            {
                return null;
            }

            HubResponse whole = _hub.Answer(request with { Target = request.Target.Split("&")[0] });
            JsonElement[] entries = [.. JsonDocument.Parse(whole.Body).RootElement.EnumerateArray()];
            if (request.Target.Contains("cursor", StringComparison.Ordinal))
            {
                second = request.Target;
                return Task.FromResult(HubResponse.Text(200, $"[{string.Join(',', entries[2..])}]"));
            }

            return Task.FromResult(HubResponse.Text(
                200, $"[{string.Join(',', entries[..2])}]", ("Link", $"<{_hub.Url}{request.Target}&cursor=a%3D>; rel=\"next\"")));
        };
        await new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        Assert.EndsWith("cursor=a%3D", second, StringComparison.Ordinal);
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
    }

    [Fact]
    public async Task The_token_is_sent_to_the_hub_and_to_no_other_host()
    {
        using HubSocket elsewhere = new(request => Task.FromResult(TestHub.Part(_hub.Files[request.Target[1..]], request.From)));
        // Weights are redirected to another host, and config.json within the hub.
        _hub.Intercept = request => request.IsFile && request.Target.EndsWith(".safetensors", StringComparison.Ordinal)
            ? Task.FromResult(HubResponse.Text(302, "", ("Location", $"{elsewhere.Url}/{Path.GetFileName(request.Target)}")))
            : request.Target switch
            {
                "/moved" => Task.FromResult(TestHub.Part(_hub.Files["config.json"], 0)),
                var target when target.EndsWith("config.json", StringComparison.Ordinal) => Task.FromResult(HubResponse.Text(307, "", ("Location", "/moved"))),
                _ => null,
            };
        await new TestPull(_hub.Url, "hf_secret\n").RunAsync(_folder.File("m"));
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);
        Assert.Contains(_hub.Requests, static request => request.Target == "/moved");
        Assert.All(_hub.Requests, static request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Equal(2, elsewhere.Requests.Count);
        Assert.All(elsewhere.Requests, static request => Assert.DoesNotContain("secret", string.Join('\n', request.Headers.Values), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_pulls_cannot_share_a_folder()
    {
        TaskCompletionSource first = new(), go = new();
        _hub.Intercept = request => request.Target.EndsWith("model-1.safetensors", StringComparison.Ordinal) ? HoldAsync(request) : null;
        Task running = new TestPull(_hub.Url).RunAsync(_folder.File("m"));
        await first.Task;
        ModelException refused = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("another pull is running", refused.Message, StringComparison.Ordinal);
        go.SetResult();
        await running;
        PulledFolder.AssertHolds(_folder.File("m"), _hub.Files);

        async Task<HubResponse> HoldAsync(HubRequest request)
        {
            first.TrySetResult();
            await go.Task;
            return _hub.Answer(request);
        }
    }

    [Fact]
    public void A_wrong_command_line_is_reported_in_one_line()
    {
        CliProcess.Run("pull").FailedWith(2, "OWNER/NAME");
        CliProcess.Run("pull", "tiny").FailedWith(2, "'tiny'", "OWNER/NAME@REVISION");
        CliProcess.Run("pull", "../etc").FailedWith(2, "'../etc'");
        CliProcess.Run("pull", "acme/tiny", "--parallel", "0").FailedWith(2, "--parallel", "1 to 64");
        CliProcess.Run(["pull", "acme/tiny"], "", Hub("ftp://x")).FailedWith(2, "HF_ENDPOINT", "ftp://x");
        CliProcess.Run(["pull", "acme/tiny"], "", Hub(_hub.Url, "a b")).FailedWith(2, "HF_TOKEN");
        CliProcess.Run(["pull", "acme/other", "--to", _folder.File("m")], "", Hub()).FailedWith(1, "no model acme/other");
        Assert.False(Directory.Exists(_folder.File("m")));
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private Dictionary<string, string> Hub() => Hub(_hub.Url);

    private static Dictionary<string, string> Hub(string url, string token = "") =>
        new() { ["HF_ENDPOINT"] = url, ["HF_TOKEN"] = token, ["NO_PROXY"] = "127.0.0.1", ["no_proxy"] = "127.0.0.1" };
}
