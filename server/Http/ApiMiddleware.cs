using System.Diagnostics;
using System.Net;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// Runs around every request: assigns its id, rejects unknown host names, and turns every error into the error object of the API that was called.
/// </summary>
internal sealed class ApiMiddleware(RequestDelegate next, IOptions<ServerOptions> options, ApiKeyStore keys, ILogger<ApiMiddleware> logger)
{
    private const string IdHeader = "x-request-id";
    private const int MaxIdLength = 128;

    // The status that nginx logs for a request whose client disconnected. No client receives it.
    private const int ClientClosedRequest = 499;

    /// <summary>Handles a request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        string id = RequestId(context);
        context.TraceIdentifier = id;
        context.Response.Headers[IdHeader] = id;
        if (MessagesPath.Includes(context.Request.Path))
        {
            context.Response.Headers[MessagesPath.IdHeader] = id;
        }

        using IDisposable? scope = logger.BeginScope(new RequestScope(id));
        try
        {
            CheckHost(context);
            await next(context);
            if (context.RequestAborted.IsCancellationRequested)
            {
                SetClientClosed(context);
            }
            else if (context.Response is { HasStarted: false, ContentLength: null, ContentType: null })
            {
                await WriteStatusAsync(context);
            }
        }
        catch (Exception error)
        {
            await HandleAsync(context, error);
        }
    }

    private async Task HandleAsync(HttpContext context, Exception error)
    {
        ApiException? shown = error switch
        {
            ApiException api => api,
            BadHttpRequestException bad => new ApiException(bad.StatusCode, "invalid_request_error", Describe(bad)) { Code = "bad_request" },
            _ => null,
        };
        if (context.RequestAborted.IsCancellationRequested)
        {
            SetClientClosed(context);
            return;
        }

        if (shown is null)
        {
            ServerLog.RequestFailed(logger, error, context.Request.Method, context.Request.Path);
            shown = new ApiException(
                StatusCodes.Status500InternalServerError, "server_error", $"The server failed. Its log has the details under {context.TraceIdentifier}.");
        }

        if (context.Response.HasStarted)
        {
            // The connection is reset, so that the client does not take a stream that broke off for a complete one.
            context.Abort();
            return;
        }

        await ErrorWriter.WriteAsync(context, shown);
    }

    private static void SetClientClosed(HttpContext context)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = ClientClosedRequest;
        }
    }

    private static Task WriteStatusAsync(HttpContext context)
    {
        ApiException? error = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new ApiException(
                StatusCodes.Status404NotFound, "invalid_request_error", $"There is nothing at {context.Request.Method} {context.Request.Path}.")
            {
                Code = "not_found",
            },
            StatusCodes.Status405MethodNotAllowed => new ApiException(
                StatusCodes.Status405MethodNotAllowed, "invalid_request_error", $"{context.Request.Path} does not take {context.Request.Method}.")
            {
                Code = "method_not_allowed",
            },
            _ => null,
        };
        return error is null ? Task.CompletedTask : ErrorWriter.WriteAsync(context, error);
    }

    private string Describe(BadHttpRequestException error) => error.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? $"The body is too large; at most {options.Value.MaxBodyBytes} bytes are allowed."
        : error.Message;

    private void CheckHost(HttpContext context)
    {
        string host = context.Request.Host.Host;
        IList<string> allowed = options.Value.AllowedHosts;
        bool anyName = allowed.Count == 0 && (keys.Required || options.Value.AllowAnonymous);
        if (!anyName
            && !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            && !IPAddress.TryParse(host.Trim('[', ']'), out _)
            && !allowed.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw new ApiException(
                StatusCodes.Status421MisdirectedRequest, "invalid_request_error", "The header Host names a host that this server is not.")
            {
                Code = "wrong_host",
            };
        }
    }

    private static string RequestId(HttpContext context)
    {
        string given = context.Request.Headers[IdHeader].ToString();
        return given.Length is > 0 and <= MaxIdLength && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? given
            : Activity.Current?.TraceId.ToHexString() is { } trace && trace.AsSpan().ContainsAnyExcept('0') ? trace : Guid.NewGuid().ToString("N");
    }

    private sealed class RequestScope(string id) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => 1;

        public KeyValuePair<string, object?> this[int index] => new("RequestId", id);

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            yield return this[0];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => $"RequestId:{id}";
    }
}
