using System.Net;
using System.Net.Http.Headers;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Turns error responses of a hub into exceptions whose messages tell the user what to do.</summary>
internal static class HubErrors
{
    private const string CodeHeader = "X-Error-Code", MessageHeader = "X-Error-Message";

    private const int MaxMessageLength = 300;

    /// <summary>The exception for a response without a success status.</summary>
    /// <param name="response">The response.</param>
    /// <param name="url">The address that was requested.</param>
    /// <param name="endpoint">The hub.</param>
    /// <param name="reference">The model that is pulled.</param>
    /// <param name="now">The current time, for a Retry-After header that gives a date.</param>
    public static HubException FromResponse(HttpResponseMessage response, Uri url, HubEndpoint endpoint, HubReference reference, DateTimeOffset now)
    {
        int status = (int)response.StatusCode;
        string said = Header(response, MessageHeader) is { } message ? $" It says: {message}" : "";
        if (!endpoint.Owns(url) && status is 401 or 403 or 404 or 410)
        {
            // The hub redirects to signed addresses that expire. Requesting the file from the hub again gives a new address.
            return new($"{url.Authority} answers {status} for a file of {reference.Repository}.{said}") { Transient = true };
        }

        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized when endpoint.Token is null => new(
                $"{reference.Repository} is not public at {endpoint.Address}, or does not exist: set {HubEndpoint.TokenVariable} to a token that may read it.{said}"),
            HttpStatusCode.Unauthorized => new($"{endpoint.Address} does not accept the token in {HubEndpoint.TokenVariable}.{said}"),
            HttpStatusCode.Forbidden => new(
                $"{reference.Repository} is gated and {(endpoint.Token is null ? $"{HubEndpoint.TokenVariable} is not set" : $"the token in {HubEndpoint.TokenVariable} may not read it")}: ask for access at {endpoint.Address}/{reference.Repository}.{said}"),
            HttpStatusCode.RequestedRangeNotSatisfiable => new($"{url.Authority} refuses to send the rest of {url.AbsolutePath}.") { Transient = true, RangeRefused = true },
            HttpStatusCode.NotFound => NotFound(response, url, endpoint, reference),
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => new(
                $"{url.Authority} answers {status}{(string.IsNullOrEmpty(response.ReasonPhrase) ? "" : $" {response.ReasonPhrase}")}.{said}")
            {
                Transient = true,
                RetryAfter = ReadRetryAfter(response.Headers.RetryAfter, now),
            },
            _ => new($"{url.Authority} answers {status} for {url.AbsolutePath}.{said}"),
        };
    }

    private static HubException NotFound(HttpResponseMessage response, Uri url, HubEndpoint endpoint, HubReference reference) => new(
        Header(response, CodeHeader) switch
        {
            "RevisionNotFound" => $"{reference.Repository} has no revision {reference.Revision}.",
            "EntryNotFound" => $"{reference.Repository} has no file {Uri.UnescapeDataString(url.AbsolutePath)} any more.",
            _ => $"{endpoint.Address} has no model {reference.Repository}, or no revision {reference.Revision} of it.",
        });

    private static TimeSpan? ReadRetryAfter(RetryConditionHeaderValue? header, DateTimeOffset now) =>
        header?.Delta ?? (header?.Date is { } date ? date > now ? date - now : TimeSpan.Zero : null);

    private static string? Header(HttpResponseMessage response, string name)
    {
        string? value = response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(' ', values) : null;
        return value?.Length > MaxMessageLength ? value[..MaxMessageLength] : value;
    }
}
