using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Completions;

/// <summary>POST /v1/completions.</summary>
internal sealed class CompletionEndpoint(RequestReader reader, GenerationHandler handler)
{
    /// <summary>Handles a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        ServedModel model = reader.ReadyModel;
        GenerationJob job = await reader.ReadAsync(context, model, CompletionRequestReader.Read, known: EndpointFields.Completions);
        await handler.HandleAsync(context, model, job);
    }
}
