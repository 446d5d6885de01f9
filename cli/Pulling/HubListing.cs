using System.Text.Json;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Reads what a model on a hub consists of.</summary>
/// <param name="connection">The hub.</param>
/// <param name="endpoint">Its address.</param>
/// <param name="patience">How failures are tried again.</param>
internal sealed partial class HubListing(HubConnection connection, HubEndpoint endpoint, Patience patience)
{
    // Hunyuan-Large's own lists are a hundredth of these.
    private const int LongestAnswer = 64 << 20, MostPages = 1000;

    /// <summary>Pins a revision and lists its files.</summary>
    /// <exception cref="HubException">There is no such model, or the hub answers something else.</exception>
    public async Task<HubSnapshot> ReadAsync(HubReference reference, CancellationToken cancellation)
    {
        string api = $"{endpoint.Address}/api/models/{reference.Repository}";
        (JsonElement info, _) = await GetAsync(new($"{api}/revision/{Uri.EscapeDataString(reference.Revision)}"), cancellation);
        string commit = info.ValueKind == JsonValueKind.Object && Text(info, "sha") is { Length: > 0 } sha ? sha : throw Strange("no commit");
        List<HubFile> files = [];
        Uri? page = new($"{api}/tree/{Uri.EscapeDataString(commit)}?recursive=true");
        for (int pages = 0; page is not null; pages++)
        {
            (JsonElement list, page) = pages < MostPages ? await GetAsync(page, cancellation) : throw Strange("a list without end");
            if (list.ValueKind != JsonValueKind.Array)
            {
                throw Strange("no list of files");
            }

            files.AddRange(list.EnumerateArray().Where(IsFile).Select(Read));
        }

        return files.Select(static file => file.Path).Distinct(StringComparer.Ordinal).Count() == files.Count
            ? new(commit, files)
            : throw Strange("a file twice");
    }

    /// <summary>Where a file of a snapshot is.</summary>
    public Uri Address(HubReference reference, HubSnapshot snapshot, HubFile file) => new(
        $"{endpoint.Address}/{reference.Repository}/resolve/{Uri.EscapeDataString(snapshot.Commit)}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}");

    private static bool IsFile(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("type", out JsonElement type) && type.ValueEquals("file");

    private HubFile Read(JsonElement entry)
    {
        string path = Text(entry, "path") ?? throw Strange("a file without a path");
        bool large = entry.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        DigestKind kind = large ? DigestKind.Sha256 : DigestKind.GitBlob;
        string? digest = Text(large ? lfs : entry, "oid");
        if (!StaysInside(path) || !FileDigest.IsHex(kind, digest)
            || !(large ? lfs : entry).TryGetProperty("size", out JsonElement size) || size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out long bytes) || bytes < 0)
        {
            throw Strange($"path, size or digest of '{path}' wrongly");
        }

        return new(path, bytes, new(kind, digest!.ToLowerInvariant()));
    }

    // Whatever the hub says, nothing is written outside of the folder.
    private static bool StaysInside(string path) =>
        path.AsSpan().IndexOfAny('\\', '\0', ':') < 0 && path.Split('/') is var parts
        && parts.All(static part => part is not ("" or "." or "..")) && parts[0] != PullFolder.Unfinished;

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Task<(JsonElement Json, Uri? Next)> GetAsync(Uri url, CancellationToken cancellation) => patience.RunAsync(
        async () =>
        {
            using HttpResponseMessage response = await connection.GetAsync(url, 0, cancellation);
            try
            {
                await response.Content.LoadIntoBufferAsync(LongestAnswer, cancellation);
                using JsonDocument json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
                return (json.RootElement.Clone(), Next(response, url));
            }
            catch (JsonException e)
            {
                throw new HubException($"{endpoint.Address} is no Hugging Face hub: it answers something that is not JSON.", e);
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

    private HubException Strange(string what) => new($"{endpoint.Address} lists {what}; it is no Hugging Face hub, or a broken one.");

    [GeneratedRegex("<([^>]+)>\\s*;\\s*rel=\"?next\"?")]
    private static partial Regex NextLink();
}
