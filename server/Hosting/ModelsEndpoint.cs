using System.Text.Json;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>GET /v1/models and /v1/models/{id}, for the one served model and its adapters.</summary>
internal sealed class ModelsEndpoint(ModelSlot slot, IOptions<ServerOptions> options)
{
    /// <summary>Lists the model and its adapters.</summary>
    public Task ListAsync(HttpContext context)
    {
        ServedModel model = slot.Require();
        return JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("object"u8, "list"u8);
            writer.WriteStartArray("data"u8);
            Write(writer, model, model);
            foreach (AdapterInfo adapter in model.Adapters?.Adapters ?? [])
            {
                Write(writer, model.With(adapter), model);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>Describes the model.</summary>
    public Task GetAsync(HttpContext context)
    {
        ServedModel model = slot.Require();
        // Routing decodes every character of a path except the slash, which may be a part of a name.
        string id = (context.GetRouteValue("id") as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        ServedModel found = model.Find(id) ?? throw RequestReader.NotFound(id, model);
        return JsonResponse.WriteAsync(context, writer => Write(writer, found, model));
    }

    private void Write(Utf8JsonWriter writer, ServedModel model, ServedModel served)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, model.Name);
        writer.WriteString("object"u8, "model"u8);
        writer.WriteNumber("created"u8, model.Created);
        writer.WriteString("owned_by"u8, "hunyuan-orleans"u8);
        writer.WriteString("root"u8, served.Name);
        writer.WriteString("parent"u8, model.Adapter is null ? null : served.Name);
        writer.WriteNumber("max_model_len"u8, model.Generator.Info.MaxContext);
        writer.WriteString("reasoning_parser"u8, options.Value.FindReasoning(model)?.Name);
        writer.WriteEndObject();
    }
}
