using System.Net;
using System.Net.Http.Headers;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>
/// Sends requests to a hub and follows its redirects, showing the token to the hub alone. It does not try again, and does not know what is in
/// the answers.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MostRedirects = 10;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private readonly HubEndpoint _endpoint;
    private readonly HubReference _reference;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly HttpClient _http;

    /// <summary>Prepares a connection; nothing is sent yet.</summary>
    /// <param name="endpoint">The hub.</param>
    /// <param name="reference">What is pulled; for messages.</param>
    /// <param name="patience">How long an answer may take to begin.</param>
    /// <param name="time">The clock.</param>
    public HubConnection(HubEndpoint endpoint, HubReference reference, TimeSpan patience, TimeProvider time)
    {
        (_endpoint, _reference, _patience, _time) = (endpoint, reference, patience, time);
        // Redirects by hand: the handler would keep headers of its own and let go of none of ours. No cookies: hosts must not know each other's.
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = ConnectTimeout };
        _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new("hunyuan", typeof(HubConnection).Assembly.GetName().Version!.ToString(3)));
        // A packed answer has another length than the file.
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new("identity"));
    }

    /// <summary>Asks for an address.</summary>
    /// <param name="url">The address.</param>
    /// <param name="from">First byte wanted.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>An answer with a success status, its body unread; the caller's to dispose.</returns>
    /// <exception cref="HubException">The hub cannot be reached or refuses.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, long from, CancellationToken cancellation)
    {
        Uri at = url;
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            HttpResponseMessage response = await SendAsync(at, from, cancellation);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if (!IsRedirect(response.StatusCode) || response.Headers.Location is not { } location)
                {
                    throw HubAnswer.Fault(response, at, _endpoint, _reference, _time.GetUtcNow());
                }

                Uri next = new(at, location);
                at = next.Scheme == Uri.UriSchemeHttps || next.Scheme == at.Scheme
                    ? next
                    : throw new HubException($"{at.Authority} redirects to {next.Scheme}://{next.Authority}, which is not encrypted.");
            }
        }

        throw new HubException($"{url.Authority} redirects more than {MostRedirects} times.");
    }

    public void Dispose() => _http.Dispose();

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found
        or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private async Task<HttpResponseMessage> SendAsync(Uri url, long from, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, url);
        request.Headers.Authorization = _endpoint.Token is { } token && _endpoint.Owns(url) ? new AuthenticationHeaderValue("Bearer", token) : null;
        request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
        using Deadline deadline = new(_patience, _time, cancellation);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new HubException($"{url.Authority} does not answer within {_patience.TotalSeconds:0} s.", e) { Transient = true };
        }
        catch (HttpRequestException e)
        {
            // A certificate does not become valid by waiting.
            bool transient = e.HttpRequestError != HttpRequestError.SecureConnectionError || e.InnerException is IOException;
            throw new HubException($"{url.Authority} cannot be reached: {(e.InnerException ?? e).Message}", e) { Transient = transient };
        }
    }
}
