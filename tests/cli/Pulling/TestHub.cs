using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>A hub with one model, acme/tiny, whose responses a test can replace.</summary>
internal sealed class TestHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly HubSocket _socket;

    public TestHub() => _socket = new(request => Intercept(request) is { } special ? special : Task.FromResult(Answer(request)));

    public string Url => _socket.Url;

    /// <summary>Files by path; those that end in .safetensors are listed as large files.</summary>
    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Replaces the response to a request; returns null for the normal response.</summary>
    public Func<HubRequest, Task<HubResponse>?> Intercept { get; set; } = static _ => null;

    /// <summary>Changes the list of files before it is sent.</summary>
    public Action<JsonArray> Listing { get; set; } = static _ => { };

    public HubRequest[] Requests => [.. _socket.Requests];

    public HubRequest[] FileRequests => [.. _socket.Requests.Where(static r => r.IsFile)];

    /// <summary>Adds a file of random bytes that depend on path and size only.</summary>
    public byte[] Add(string path, int size)
    {
        byte[] bytes = new byte[size];
        new Random(path.Length + size).NextBytes(bytes);
        return Files[path] = bytes;
    }

    /// <summary>The content of the requested file.</summary>
    public byte[] Content(HubRequest request) => Files[Uri.UnescapeDataString(request.Target.Split($"/resolve/{Commit}/")[1])];

    /// <summary>The normal response to a request.</summary>
    public HubResponse Answer(HubRequest request)
    {
        if (request.Target == "/api/models/acme/tiny/revision/main")
        {
            return HubResponse.Text(200, new JsonObject { ["id"] = "acme/tiny", ["sha"] = Commit }.ToJsonString());
        }

        if (request.Target == $"/api/models/acme/tiny/tree/{Commit}?recursive=true")
        {
            JsonArray list = new([.. Files.Select(file => Entry(file.Key, file.Value))]);
            Listing(list);
            return HubResponse.Text(200, list.ToJsonString());
        }

        return request.IsFile && request.Target.StartsWith($"/acme/tiny/resolve/{Commit}/", StringComparison.Ordinal)
            ? Part(Content(request), request.From)
            : HubResponse.Text(404, "");
    }

    /// <summary>The response with a content from a byte on.</summary>
    public static HubResponse Part(byte[] content, int from) => from == 0
        ? new(200, content)
        : from < content.Length
            ? new(206, content[from..], ("Content-Range", $"bytes {from}-{content.Length - 1}/{content.Length}"))
            : new(416, [], ("Content-Range", $"bytes */{content.Length}"));

    public void Dispose() => _socket.Dispose();

    private static JsonNode Entry(string path, byte[] content)
    {
        // Git's digest covers the header of the object too.
        byte[] blob = [.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content];
        JsonObject entry = new() { ["type"] = "file", ["path"] = path, ["size"] = content.Length, ["oid"] = Convert.ToHexStringLower(SHA1.HashData(blob)) };
        if (path.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            entry["oid"] = new string('0', 40);
            entry["lfs"] = new JsonObject { ["oid"] = Convert.ToHexStringLower(SHA256.HashData(content)), ["size"] = content.Length, ["pointerSize"] = 135 };
        }

        return entry;
    }
}
