using System.Diagnostics;
using System.Net;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// Around every request: gives it an id, refuses foreign host names, and turns every error into OpenAI's error object. It knows no
/// endpoint.
/// </summary>
internal sealed class RequestFrame(RequestDelegate next, IOptions<ServerOptions> options, KeyRing keys, ILogger<RequestFrame> logger)
{
    private const string IdHeader = "x-request-id";
    private const int MaxIdLength = 128;

    // 499: what nginx writes to its log where the client went away first. Nobody receives it.
    private const int ClientGone = 499;

    /// <summary>Handles a request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        string id = RequestId(context);
        context.TraceIdentifier = id;
        context.Response.Headers[IdHeader] = id;
        using IDisposable? scope = logger.BeginScope(new Scope(id));
        try
        {
            CheckHost(context);
            await next(context);
            if (context.RequestAborted.IsCancellationRequested)
            {
                NoteGone(context);
            }
            else if (context.Response is { HasStarted: false, ContentLength: null, ContentType: null })
            {
                await ExplainAsync(context);
            }
        }
        catch (Exception error)
        {
            await HandleAsync(context, error);
        }
    }

    private async Task HandleAsync(HttpContext context, Exception error)
    {
        ApiException? told = error switch
        {
            ApiException api => api,
            BadHttpRequestException bad => new ApiException(bad.StatusCode, "invalid_request_error", Describe(bad)) { Code = "bad_request" },
            _ => null,
        };
        if (context.RequestAborted.IsCancellationRequested)
        {
            NoteGone(context);
            return;
        }

        if (told is null)
        {
            ServerLog.Failed(logger, error, context.Request.Method, context.Request.Path);
            told = new ApiException(
                StatusCodes.Status500InternalServerError, "server_error", $"The server failed. Its log has the details under {context.TraceIdentifier}.");
        }

        if (context.Response.HasStarted)
        {
            // A stream that cannot be ended properly must not look as if it were.
            context.Abort();
            return;
        }

        await ErrorWriter.WriteAsync(context, told);
    }

    private static void NoteGone(HttpContext context)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = ClientGone;
        }
    }

    private static Task ExplainAsync(HttpContext context)
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

    private sealed class Scope(string id) : IReadOnlyList<KeyValuePair<string, object?>>
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
