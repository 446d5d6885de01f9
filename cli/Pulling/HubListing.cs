using System.Text.Json;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Lists the files of a model on a hub.</summary>
/// <param name="connection">Sends the requests.</param>
/// <param name="endpoint">The hub.</param>
/// <param name="retryPolicy">Decides how often failed requests are repeated.</param>
internal sealed partial class HubListing(HubConnection connection, HubEndpoint endpoint, RetryPolicy retryPolicy)
{
    // A hundred times what Hunyuan-Large needs.
    private const int MaxResponseBytes = 64 << 20, MaxPages = 1000;

    /// <summary>Resolves a revision to a commit and lists the files of that commit.</summary>
    /// <exception cref="HubException">There is no such model, or the hub's answer is invalid.</exception>
    public async Task<HubSnapshot> ReadAsync(HubReference reference, CancellationToken cancellation)
    {
        string api = $"{endpoint.Address}/api/models/{reference.Repository}";
        (JsonElement info, _) = await GetAsync(new($"{api}/revision/{Uri.EscapeDataString(reference.Revision)}"), cancellation);
        string commit = info.ValueKind == JsonValueKind.Object && Text(info, "sha") is { Length: > 0 } sha ? sha : throw InvalidListing("no commit");
        List<HubFile> files = [];
        Uri? page = new($"{api}/tree/{Uri.EscapeDataString(commit)}?recursive=true");
        for (int pages = 0; page is not null; pages++)
        {
            (JsonElement list, page) = pages < MaxPages ? await GetAsync(page, cancellation) : throw InvalidListing("a list without end");
            if (list.ValueKind != JsonValueKind.Array)
            {
                throw InvalidListing("no list of files");
            }

            files.AddRange(list.EnumerateArray().Where(IsFile).Select(ReadFile));
        }

        return files.Select(static file => file.Path).Distinct(StringComparer.Ordinal).Count() == files.Count
            ? new(commit, files)
            : throw InvalidListing("a file twice");
    }

    /// <summary>The address of a file of a snapshot.</summary>
    public Uri Address(HubReference reference, HubSnapshot snapshot, HubFile file) => new(
        $"{endpoint.Address}/{reference.Repository}/resolve/{Uri.EscapeDataString(snapshot.Commit)}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}");

    private static bool IsFile(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("type", out JsonElement type) && type.ValueEquals("file");

    private HubFile ReadFile(JsonElement entry)
    {
        string path = Text(entry, "path") ?? throw InvalidListing("a file without a path");
        bool large = entry.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        DigestKind kind = large ? DigestKind.Sha256 : DigestKind.GitBlob;
        string? digest = Text(large ? lfs : entry, "oid");
        if (!StaysInside(path) || !FileDigest.IsHex(kind, digest)
            || !(large ? lfs : entry).TryGetProperty("size", out JsonElement size) || size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out long bytes) || bytes < 0)
        {
            throw InvalidListing($"an invalid path, size or digest of '{path}'");
        }

        return new(path, bytes, new(kind, digest!.ToLowerInvariant()));
    }

    // The hub is not trusted: its paths must not lead out of the folder, nor into the folder of partial files.
    private static bool StaysInside(string path) =>
        path.AsSpan().IndexOfAny('\\', '\0', ':') < 0 && path.Split('/') is var parts
        && parts.All(static part => part is not ("" or "." or "..")) && parts[0] != PullFolder.PartialFolderName;

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Task<(JsonElement Json, Uri? Next)> GetAsync(Uri url, CancellationToken cancellation) => retryPolicy.RunAsync(
        async () =>
        {
            using HttpResponseMessage response = await connection.GetAsync(url, 0, cancellation);
            try
            {
                await response.Content.LoadIntoBufferAsync(MaxResponseBytes, cancellation);
                using JsonDocument json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
                return (json.RootElement.Clone(), Next(response, url));
            }
            catch (JsonException e)
            {
                throw new HubException($"{endpoint.Address} is not a Hugging Face hub: its answer is not JSON.", e);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                throw new HubException($"The connection to {url.Authority} broke: {e.Message}", e) { Transient = true };
            }
        },
        static () => false,
        cancellation);

    private static Uri? Next(HttpResponseMessage response, Uri url) =>
        response.Headers.TryGetValues("Link", out IEnumerable<string>? links) && NextLink().Match(string.Join(", ", links)) is { Success: true } match
            ? new Uri(url, match.Groups[1].Value)
            : null;

    private HubException InvalidListing(string what) => new($"{endpoint.Address} lists {what}; it is not a Hugging Face hub, or it is broken.");

    [GeneratedRegex("<([^>]+)>\\s*;\\s*rel=\"?next\"?")]
    private static partial Regex NextLink();
}
