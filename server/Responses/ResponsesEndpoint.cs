using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HunyuanOrleans.Server.Responses;

/// <summary>POST /v1/responses, and GET and DELETE of a response that is kept.</summary>
internal sealed class ResponsesEndpoint(RequestReader reader, GenerationHandler handler, ResponseStore store, ApiKeyStore keys)
{
    /// <summary>Handles a request for a response.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        ServedModel model = reader.ReadyModel;
        StoredResponses kept = store.Of(keys.Identify(context));
        GenerationJob job = await reader.ReadAsync(
            context, model, (fields, served, options) => ResponsesRequestReader.Read(fields, served, options, kept), known: EndpointFields.Responses);
        await handler.HandleAsync(context, model, job);
    }

    /// <summary>Sends a response that is kept.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (context.Request.Query["stream"] == "true")
        {
            throw ApiException.Invalid("stream", "A kept response cannot be streamed; leave stream out.", "unsupported_value");
        }

        string id = Id(context);
        ReadOnlyMemory<byte> json = (store.Of(keys.Identify(context)).Find(id) ?? throw NotFound(id)).Json;
        await JsonResponse.WriteAsync(context, writer => writer.WriteRawValue(json.Span, skipInputValidation: true));
    }

    /// <summary>Forgets a response.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        string id = Id(context);
        if (!store.Of(keys.Identify(context)).Remove(id))
        {
            throw NotFound(id);
        }

        await JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, id);
            writer.WriteString("object"u8, "response"u8);
            writer.WriteBoolean("deleted"u8, true);
            writer.WriteEndObject();
        });
    }

    private static string Id(HttpContext context) => (string)context.GetRouteValue("id")!;

    private static ApiException NotFound(string id) => new(StatusCodes.Status404NotFound, "invalid_request_error", StoredResponses.Missing(id))
    {
        Code = "response_not_found",
    };
}
