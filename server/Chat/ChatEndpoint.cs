using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Chat;

/// <summary>POST /v1/chat/completions.</summary>
internal sealed class ChatEndpoint(RequestReader reader, GenerationHandler handler)
{
    /// <summary>Handles a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        ServedModel model = reader.ReadyModel;
        GenerationJob job = await reader.ReadAsync(context, model, ChatRequestReader.Read, known: EndpointFields.Chat);
        await handler.HandleAsync(context, model, job);
    }
}
