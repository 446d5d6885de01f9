using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>The header that says when to ask again.</summary>
public static class RetryAfterHeader
{
    /// <summary>Sets the header in whole seconds, at least 1, rounded up, so that a client does not come back too early.</summary>
    /// <param name="response">The response, which must not have started.</param>
    /// <param name="wait">How long to wait.</param>
    public static void Set(HttpResponse response, TimeSpan wait) =>
        response.Headers.RetryAfter = ((long)Math.Max(1, Math.Ceiling(wait.TotalSeconds))).ToString(CultureInfo.InvariantCulture);
}
