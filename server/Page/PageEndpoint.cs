using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace HunyuanOrleans.Server.Page;

/// <summary>
/// GET / and its files: the chat page. The page contains no secrets and needs no key; its calls to the API may need one.
/// </summary>
internal sealed class PageEndpoint(PageFiles files)
{
    private const string Start = "index.html", Folder = "/page/";

    // Scripts and styles come only from this server's files, and no text can become markup or code.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Maps all files.</summary>
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
        headers.ETag = file.ETag;
        // Browsers revalidate the files at each load, so that a page never mixes two versions. The response is nearly always 304.
        headers.CacheControl = "no-cache";
        context.Response.ContentType = file.Type;
        if (Matches(context.Request.Headers.IfNoneMatch, file.ETag))
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

    private static bool Matches(StringValues tags, string tag) => tags.Any(header => header is not null && header.Contains(tag, StringComparison.Ordinal));
}
