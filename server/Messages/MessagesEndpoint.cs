using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>POST /v1/messages and /v1/messages/count_tokens, in the format of Anthropic.</summary>
internal sealed class MessagesEndpoint(RequestReader reader, GenerationHandler handler)
{
    /// <summary>Answers a chat.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        ServedModel model = reader.ReadyModel;
        GenerationJob job = await reader.ReadAsync(context, model, MessagesRequestReader.Read, known: EndpointFields.Messages);
        await handler.HandleAsync(context, model, job);
    }

    /// <summary>Counts the tokens of a chat's prompt.</summary>
    public async Task CountTokensAsync(HttpContext context)
    {
        int tokens = await reader.ReadAsync(context, reader.Model, MessagesRequestReader.CountTokens, known: EndpointFields.Messages);
        await JsonResponse.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens"u8, tokens);
            json.WriteEndObject();
        });
    }
}
