using System.Net;
using System.Net.Http.Headers;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>
/// Sends requests to a hub and follows its redirects. The access token is sent to the hub only, never to a host that it redirects to. Requests
/// are not retried here.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 10;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private readonly HubEndpoint _endpoint;
    private readonly HubReference _reference;
    private readonly TimeProvider _time;
    private readonly TimeSpan _responseTimeout;
    private readonly HttpClient _http;

    /// <summary>Creates the HTTP client; nothing is sent yet.</summary>
    /// <param name="endpoint">The hub.</param>
    /// <param name="reference">The model that is pulled, for error messages.</param>
    /// <param name="responseTimeout">How long the headers of a response may take.</param>
    /// <param name="time">The clock.</param>
    public HubConnection(HubEndpoint endpoint, HubReference reference, TimeSpan responseTimeout, TimeProvider time)
    {
        (_endpoint, _reference, _responseTimeout, _time) = (endpoint, reference, responseTimeout, time);
        // Redirects are followed by hand, because the handler would drop the token at every redirect, also at those within the hub. Cookies are off,
        // because one host must not see those of another.
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = ConnectTimeout };
        _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new("hunyuan", typeof(HubConnection).Assembly.GetName().Version!.ToString(3)));
        // A compressed response has another length than the file.
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new("identity"));
    }

    /// <summary>Sends a GET request.</summary>
    /// <param name="url">The address.</param>
    /// <param name="from">The first byte to request; 0 requests the whole content.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>A response with a success status whose body is not read yet; the caller disposes it.</returns>
    /// <exception cref="HubException">The hub cannot be reached, or answers with an error.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, long from, CancellationToken cancellation)
    {
        Uri at = url;
        for (int hop = 0; hop <= MaxRedirects; hop++)
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
                    throw HubErrors.FromResponse(response, at, _endpoint, _reference, _time.GetUtcNow());
                }

                Uri next = new(at, location);
                at = next.Scheme == Uri.UriSchemeHttps || next.Scheme == at.Scheme
                    ? next
                    : throw new HubException($"{at.Authority} redirects to {next.Scheme}://{next.Authority}, which is not encrypted.");
            }
        }

        throw new HubException($"{url.Authority} redirects more than {MaxRedirects} times.");
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found
        or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private async Task<HttpResponseMessage> SendAsync(Uri url, long from, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, url);
        request.Headers.Authorization = _endpoint.Token is { } token && _endpoint.Owns(url) ? new AuthenticationHeaderValue("Bearer", token) : null;
        request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
        using IdleTimeout timeout = new(_responseTimeout, _time, cancellation);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new HubException($"{url.Authority} does not answer within {_responseTimeout.TotalSeconds:0} s.", e) { Transient = true };
        }
        catch (HttpRequestException e)
        {
            // An invalid certificate stays invalid, so a retry is useless.
            bool transient = e.HttpRequestError != HttpRequestError.SecureConnectionError || e.InnerException is IOException;
            throw new HubException($"{url.Authority} cannot be reached: {(e.InnerException ?? e).Message}", e) { Transient = transient };
        }
    }
}
