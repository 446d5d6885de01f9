using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The model that a request names, with an adapter or bare. Readers of requests set it, and the handler reads it.</summary>
/// <param name="Model">The model.</param>
internal sealed record RequestedModel(ServedModel Model)
{
    /// <summary>The model that a request names; the served one if it names none.</summary>
    public static ServedModel Of(HttpContext context, ServedModel served) => context.Features.Get<RequestedModel>()?.Model ?? served;
}
