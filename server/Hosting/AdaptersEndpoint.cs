using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>POST /v1/load_lora_adapter and /v1/unload_lora_adapter: adds and removes adapters while the server runs, with vLLM's parameters and answers.</summary>
internal sealed class AdaptersEndpoint(ModelSlot slot, IOptions<ServerOptions> options, ILogger<AdaptersEndpoint> logger)
{
    /// <summary>Adds an adapter: lora_name and lora_path.</summary>
    public async Task LoadAsync(HttpContext context)
    {
        (ServedModel model, IAdapterCatalog adapters) = Require();
        using JsonDocument body = await JsonBodyReader.ReadAsync(context, options.Value.MaxJsonDepth, options.Value.MaxBodyBytes);
        RequestFields fields = new(body.RootElement);
        string name = Text(fields, "lora_name"), path = Text(fields, "lora_path");
        if (fields.Bool("load_inplace") == true)
        {
            throw ApiException.Invalid("load_inplace", "load_inplace is true; allowed: false. Unload the adapter first.", "unsupported_value");
        }

        if (name == model.Name)
        {
            throw ApiException.Invalid("lora_name", $"lora_name is '{name}', the name of the model; allowed: another name.");
        }

        try
        {
            long bytes = await adapters.AddAsync(name, path, context.RequestAborted);
            ServerLog.AdapterLoaded(logger, name, bytes);
        }
        catch (ModelException error)
        {
            throw ApiException.Invalid("lora_path", error.Message);
        }
        catch (TimeoutException)
        {
            throw NoAnswer();
        }

        await WriteAsync(context, $"Success: LoRA adapter '{name}' added successfully.");
    }

    /// <summary>Removes an adapter: lora_name.</summary>
    public async Task UnloadAsync(HttpContext context)
    {
        (ServedModel model, IAdapterCatalog adapters) = Require();
        using JsonDocument body = await JsonBodyReader.ReadAsync(context, options.Value.MaxJsonDepth, options.Value.MaxBodyBytes);
        string name = Text(new RequestFields(body.RootElement), "lora_name");
        try
        {
            if (!await adapters.RemoveAsync(name, context.RequestAborted))
            {
                throw RequestReader.NotFound(name, model);
            }
        }
        catch (TimeoutException)
        {
            throw NoAnswer();
        }

        ServerLog.AdapterUnloaded(logger, name);
        await WriteAsync(context, $"Success: LoRA adapter '{name}' removed successfully.");
    }

    private static string Text(RequestFields fields, string name) =>
        fields.Text(name) is { Length: > 0 } text ? text : throw ApiException.Missing(name, "a text that is not empty");

    private static Task WriteAsync(HttpContext context, string message)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(message);
    }

    private static ApiException NoAnswer() =>
        ApiException.Unavailable("model_not_ready", "The model's scheduler did not answer. Look at /v1/models before you try again.");

    private (ServedModel Model, IAdapterCatalog Adapters) Require()
    {
        ServedModel model = slot.RequireReady();
        return (model, model.Adapters ?? throw ApiException.Invalid(null, "Adapters cannot be loaded here: the model is on a GPU.", "unsupported_endpoint"));
    }
}
