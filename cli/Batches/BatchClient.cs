using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>Sends the requests of a batch to a server with OpenAI's API, and repeats those that fail for reasons that pass.</summary>
/// <param name="http">Sends the requests; its base address is the server.</param>
/// <param name="retries">How often a request is repeated.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchClient(HttpClient http, int retries, TimeProvider time)
{
    private const string IdHeader = "x-request-id";

    private const int ShownText = 500;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500), LongestDelay = TimeSpan.FromSeconds(60);

    /// <summary>Sends a request until it is answered, fails for good, or was repeated often enough.</summary>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public async Task<BatchAnswer> SendAsync(BatchRequest request, CancellationToken cancellationToken)
    {
        TimeSpan delay = FirstDelay;
        for (int attempt = 0; ; attempt++)
        {
            (BatchAnswer answer, TimeSpan? wait) = await TryAsync(request, cancellationToken);
            if (attempt == retries || !IsTransient(answer))
            {
                return answer;
            }

            TimeSpan pause = wait ?? delay;
            await Task.Delay(pause < LongestDelay ? pause : LongestDelay, time, cancellationToken);
            delay *= 2;
        }
    }

    private async Task<(BatchAnswer Answer, TimeSpan? Wait)> TryAsync(BatchRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using ByteArrayContent body = new(Encoding.UTF8.GetBytes(request.Body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using HttpResponseMessage response = await http.PostAsync(new Uri(request.Url.TrimStart('/'), UriKind.Relative), body, cancellationToken);
            byte[] content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            string id = response.Headers.TryGetValues(IdHeader, out IEnumerable<string>? values) ? values.First() : "";
            return (new BatchAnswer((int)response.StatusCode, id, Parse(content), null), response.Headers.RetryAfter?.Delta);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (new BatchAnswer(null, "", null, e.Message), null);
        }
    }

    private static bool IsTransient(BatchAnswer answer) => answer.Status is null
        or (int)HttpStatusCode.TooManyRequests or (int)HttpStatusCode.BadGateway or (int)HttpStatusCode.ServiceUnavailable or (int)HttpStatusCode.GatewayTimeout;

    // Something between this command and the server may answer with a page of HTML. Its text is kept in the form of an error.
    private static JsonElement Parse(byte[] content)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content, BatchJson.Parsing);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            string text = Encoding.UTF8.GetString(content);
            string message = JsonEncodedText.Encode(text.Length <= ShownText ? text : text[..ShownText]).ToString();
            using JsonDocument error = JsonDocument.Parse($"{{\"error\":{{\"message\":\"{message}\",\"type\":\"not_json\"}}}}");
            return error.RootElement.Clone();
        }
    }
}
