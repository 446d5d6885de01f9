using HunyuanOrleans.Cli.Pulling;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>The error messages when a hub refuses a request, its list is invalid, or the disk is full.</summary>
public sealed class PullErrorTests : IDisposable
{
    private readonly TestHub _hub = new();
    private readonly TempFolder _folder = new();

    public PullErrorTests() => _hub.Add("model.safetensors", 1000);

    [Theory]
    [InlineData(401, null, null, "is not public", "set HF_TOKEN")]
    [InlineData(401, "hf_x", null, "does not accept the token in HF_TOKEN", "It says: no")]
    [InlineData(403, "hf_x", "GatedRepo", "is gated and the token in HF_TOKEN may not read it", "/acme/tiny")]
    [InlineData(403, null, "GatedRepo", "is gated and HF_TOKEN is not set", "ask for access at")]
    [InlineData(404, null, "RepoNotFound", "has no model acme/tiny", "")]
    [InlineData(404, null, "RevisionNotFound", "acme/tiny has no revision main", "")]
    [InlineData(400, null, null, "answers 400", "It says: no")]
    public async Task Refusals_say_what_to_do_and_are_not_retried(int status, string? token, string? code, string first, string second)
    {
        _hub.Intercept = _ => Task.FromResult(
            new HubResponse(status, []) { Headers = [("X-Error-Message", "no"), .. code is null ? Array.Empty<(string, string)>() : [("X-Error-Code", code)]] });
        TestPull pull = new(_hub.Url, token);
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => pull.RunAsync(_folder.File("m")));
        Assert.Contains(first, fault.Message, StringComparison.Ordinal);
        Assert.Contains(second, fault.Message, StringComparison.Ordinal);
        Assert.Empty(pull.Delays);
        Assert.Single(_hub.Requests);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/outside")]
    [InlineData("a/../../outside")]
    [InlineData("a//b")]
    [InlineData("..\\outside")]
    [InlineData(".pull/lock")]
    [InlineData("")]
    public async Task Paths_that_lead_out_of_the_folder_are_refused(string path)
    {
        _hub.Listing = list => list[0]!["path"] = path;
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains($"an invalid path, size or digest of '{path}'", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    [Theory]
    [InlineData("oid", "abc")]
    [InlineData("size", -1)]
    [InlineData("size", "many")]
    public async Task Lists_without_size_or_digest_are_refused(string field, object value)
    {
        _hub.Listing = list => list[0]!["lfs"]![field] = System.Text.Json.JsonSerializer.SerializeToNode(value);
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("an invalid path, size or digest of 'model.safetensors'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_a_hub_is_reported()
    {
        _hub.Intercept = static _ => Task.FromResult(HubResponse.Text(200, "<html>"));
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("is not a Hugging Face hub", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_redirect_is_an_error()
    {
        _hub.Intercept = request => Task.FromResult(HubResponse.Text(302, "", ("Location", request.Target)));
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("redirects more than 10 times", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_reported_before_the_download()
    {
        _hub.Listing = list => list[0]!["lfs"]!["size"] = 1L << 60;
        ModelException fault = await Assert.ThrowsAnyAsync<ModelException>(() => new TestPull(_hub.Url).RunAsync(_folder.File("m")));
        Assert.Contains("1152921.5 TB are still missing, but the disk has only ", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.FileRequests);
    }

    [SkippableFact]
    public void A_full_disk_is_distinguished_from_other_errors()
    {
        Skip.IfNot(File.Exists("/dev/full"), "This system has no /dev/full.");
        using Microsoft.Win32.SafeHandles.SafeFileHandle full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        IOException error = Assert.ThrowsAny<IOException>(() => RandomAccess.Write(full, new byte[100], 0));
        Assert.True(DiskFullError.Is(error), error.Message);
        Assert.False(DiskFullError.Is(Assert.ThrowsAny<IOException>(() => File.OpenHandle(_folder.File("none")))));
    }

    [Theory]
    [InlineData("tencent/Hunyuan-A13B-Instruct", "main")]
    [InlineData("a/b@v1.0", "v1.0")]
    [InlineData("a/b@refs/pr/1", "refs/pr/1")]
    public void References_have_a_revision(string text, string revision) => Assert.Equal(revision, HubReference.Parse(text).Revision);

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }
}
