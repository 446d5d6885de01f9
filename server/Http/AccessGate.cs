using System.Net;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Http;

/// <summary>Lets callers through to endpoints: with a key where one is needed, and within their limits.</summary>
internal sealed class AccessGate(KeyRing keys, IOptions<ServerOptions> options)
{
    /// <summary>For endpoints that compute: key and limits.</summary>
    public RequestDelegate Limited(RequestDelegate handler) => async context =>
    {
        CheckOrigin(context);
        using CallerLease lease = keys.Identify(context).Enter();
        context.Features.Set(lease);
        await handler(context);
    };

    /// <summary>For endpoints that only look something up: key.</summary>
    public RequestDelegate Keyed(RequestDelegate handler) => context =>
    {
        CheckOrigin(context);
        keys.Identify(context);
        return handler(context);
    };

    // The host may listen where this server's options do not know of.
    private void CheckOrigin(HttpContext context)
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

    /// <summary>For operators' endpoints: key, unless they are open to all.</summary>
    public RequestDelegate Operators(RequestDelegate handler) => options.Value.OpenMetrics ? handler : Keyed(handler);
}
