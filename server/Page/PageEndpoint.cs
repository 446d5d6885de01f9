using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace HunyuanOrleans.Server.Page;

/// <summary>
/// GET / and the files beside it: the chat page. It holds nothing secret, so it needs no key; what it asks the API for may need one.
/// </summary>
internal sealed class PageEndpoint(PageFiles files)
{
    private const string Start = "index.html", Folder = "/page/";

    // Scripts and styles come from files of this server only, and nothing may turn text into markup or into code.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Maps every file.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        foreach ((string path, PageFile file) in files.All)
        {
            routes.MapMethods(path == Start ? "/" : Folder + path, methods, context => SendAsync(context, file));
        }
    }

    private static async Task SendAsync(HttpContext context, PageFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.XFrameOptions = "DENY";
        headers.ETag = file.Tag;
        // Asked for again at each load, so that a page never runs with files of two versions; the answer is nearly always 304.
        headers.CacheControl = "no-cache";
        context.Response.ContentType = file.Type;
        if (Known(context.Request.Headers.IfNoneMatch, file.Tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentLength = file.Content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(file.Content, context.RequestAborted);
        }
    }

    private static bool Known(StringValues tags, string tag) => tags.Any(header => header is not null && header.Contains(tag, StringComparison.Ordinal));
}
