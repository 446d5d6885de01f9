using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>Reads the requests of a file in OpenAI's batch format: an object {custom_id, method, url, body} per line. Empty lines are skipped.</summary>
/// <param name="path">The file.</param>
internal sealed class BatchInput(string path)
{
    private static readonly string[] Endpoints = ["/v1/chat/completions", "/v1/completions"];

    /// <summary>Reads the requests, one at a time.</summary>
    /// <exception cref="ModelException">A line is not a request; the message names the line.</exception>
    public IEnumerable<BatchRequest> Read() => JsonLines.Read(path, ReadRequest, BatchJson.Parsing);

    /// <summary>Checks every line before the first request is sent, so that an error in the last line does not appear after hours of work.</summary>
    /// <returns>The id of the answer to each custom_id.</returns>
    /// <exception cref="ModelException">A line is not a request, two lines have the same custom_id, or there is none.</exception>
    public Dictionary<string, string> Check()
    {
        Dictionary<string, string> ids = new(StringComparer.Ordinal);
        foreach (BatchRequest request in Read())
        {
            if (!ids.TryAdd(request.CustomId, request.Id))
            {
                throw new ModelException($"{path}: several lines have the custom_id '{request.CustomId}'; each must have its own.");
            }
        }

        return ids.Count > 0 ? ids : throw new ModelException($"{path} has no requests.");
    }

    private static BatchRequest ReadRequest(JsonElement json, string where)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(where, "the line must be an object {\"custom_id\", \"method\", \"url\", \"body\"}");
        }

        string id = Text(json, "custom_id", where), method = Text(json, "method", where), url = Text(json, "url", where);
        if (id.Length == 0)
        {
            throw Wrong(where, "custom_id is empty");
        }

        if (method != "POST")
        {
            throw Wrong(where, $"method must be POST, not '{method}'");
        }

        if (!Endpoints.Contains(url))
        {
            throw Wrong(where, $"url must be {string.Join(" or ", Endpoints)}, not '{url}'");
        }

        if (!json.TryGetProperty("body", out JsonElement body) || body.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(where, "\"body\" must be an object");
        }

        return body.TryGetProperty("stream", out JsonElement stream) && stream.ValueKind == JsonValueKind.True
            ? throw Wrong(where, "a batch has no streams; remove \"stream\" from the body")
            : new BatchRequest(id, url, body.GetRawText());
    }

    private static string Text(JsonElement json, string name, string where) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw Wrong(where, $"\"{name}\" must be a text");

    private static ModelException Wrong(string where, string what) => new($"{where}: {what}.");
}
