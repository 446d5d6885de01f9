using System.Net;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Http;

/// <summary>Authenticates callers and applies their limits before a request reaches its endpoint.</summary>
internal sealed class AccessPolicy(ApiKeyStore keys, IOptions<ServerOptions> options)
{
    /// <summary>Wraps an endpoint that computes: the caller needs a key and must be within its limits.</summary>
    public RequestDelegate RequireKeyAndLimits(RequestDelegate handler) => async context =>
    {
        CheckLocal(context);
        using CallerLease lease = keys.Identify(context).Enter();
        context.Features.Set(lease);
        await handler(context);
    };

    /// <summary>Wraps an endpoint that only reads: the caller needs a key.</summary>
    public RequestDelegate RequireKey(RequestDelegate handler) => context =>
    {
        CheckLocal(context);
        keys.Identify(context);
        return handler(context);
    };

    /// <summary>Wraps an endpoint for operators: the caller needs a key, unless metrics are open to all.</summary>
    public RequestDelegate RequireOperator(RequestDelegate handler) => options.Value.OpenMetrics ? handler : RequireKey(handler);

    /// <summary>
    /// Wraps an endpoint that changes the server's state for all: the caller needs a key, and must not be a web page of another origin. Browsers send a
    /// POST without a body to another origin without asking first.
    /// </summary>
    public RequestDelegate RequireAdministrator(RequestDelegate handler) => RequireKey(context =>
    {
        string origin = context.Request.Headers.Origin.ToString();
        return origin.Length == 0 || IsAllowedOrigin(origin, context) ? handler(context) : throw new ApiException(
            StatusCodes.Status403Forbidden, "permission_error", "Web pages of other origins may not do this.") { Code = "wrong_origin" };
    });

    /// <summary>Wraps an endpoint that changes what the server serves: the caller needs an administrator's key. Without such a key it is off.</summary>
    public RequestDelegate RequireAdministratorKey(RequestDelegate handler) => RequireAdministrator(context => keys.Identify(context).IsAdministrator
        ? handler(context)
        : throw new ApiException(
            StatusCodes.Status403Forbidden,
            "permission_error",
            keys.HasAdministrator ? "The API key is not an administrator's." : $"{context.Request.Path} is off: this server has no administrator's key.")
        {
            Code = "not_administrator",
        });

    private bool IsAllowedOrigin(string origin, HttpContext context) =>
        options.Value.CorsOrigins.Any(allowed => allowed == "*" || allowed.Equals(origin, StringComparison.OrdinalIgnoreCase))
        || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Authority.Equals(context.Request.Host.Value, StringComparison.OrdinalIgnoreCase));

    // The host may listen on other addresses than those of this server's options.
    private void CheckLocal(HttpContext context)
    {
        if (!keys.Required && !options.Value.AllowAnonymous
            && context.Connection.LocalIpAddress is IPAddress local && !IPAddress.IsLoopback(local))
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden, "permission_error", "This server has no API key and answers callers on its own machine only.")
            {
                Code = "not_local",
            };
        }
    }
}
