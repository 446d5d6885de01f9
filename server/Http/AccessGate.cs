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
        using CallerLease lease = keys.Identify(context).Enter();
        context.Features.Set(lease);
        await handler(context);
    };

    /// <summary>For endpoints that only look something up: key.</summary>
    public RequestDelegate Keyed(RequestDelegate handler) => context =>
    {
        keys.Identify(context);
        return handler(context);
    };

    /// <summary>For operators' endpoints: key, unless they are open to all.</summary>
    public RequestDelegate Operators(RequestDelegate handler) => options.Value.OpenMetrics ? handler : Keyed(handler);
}
