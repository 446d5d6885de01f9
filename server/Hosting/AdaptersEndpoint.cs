using System.Text.Json;
using HunyuanOrleans.Engine.Adapters;
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
        (ServedModel model, AdapterStore adapters) = Require();
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
            AdapterInfo added = await Task.Run(() => adapters.Add(name, path), context.RequestAborted);
            await LoadAsync(adapters, added, context.RequestAborted);
        }
        catch (ModelException error)
        {
            throw ApiException.Invalid("lora_path", error.Message);
        }

        await WriteAsync(context, $"Success: LoRA adapter '{name}' added successfully.");
    }

    /// <summary>Removes an adapter: lora_name.</summary>
    public async Task UnloadAsync(HttpContext context)
    {
        (ServedModel model, AdapterStore adapters) = Require();
        using JsonDocument body = await JsonBodyReader.ReadAsync(context, options.Value.MaxJsonDepth, options.Value.MaxBodyBytes);
        string name = Text(new RequestFields(body.RootElement), "lora_name");
        if (!adapters.Remove(name))
        {
            throw RequestReader.NotFound(name, model);
        }

        ServerLog.AdapterUnloaded(logger, name);
        await WriteAsync(context, $"Success: LoRA adapter '{name}' removed successfully.");
    }

    // The first request should not wait, and an adapter that cannot be loaded should not be in the list.
    private async Task LoadAsync(AdapterStore adapters, AdapterInfo added, CancellationToken cancellation)
    {
        try
        {
            using AdapterLease lease = await adapters.AcquireAsync(added.Name, cancellation);
            ServerLog.AdapterLoaded(logger, added.Name, lease.Adapter.Bytes);
        }
        catch
        {
            // Another one of this name may have been added meanwhile.
            adapters.Remove(added);
            throw;
        }
    }

    private static string Text(RequestFields fields, string name) =>
        fields.Text(name) is { Length: > 0 } text ? text : throw ApiException.Missing(name, "a text that is not empty");

    private static Task WriteAsync(HttpContext context, string message)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(message);
    }

    private (ServedModel Model, AdapterStore Adapters) Require()
    {
        ServedModel model = slot.RequireReady();
        return (model, model.Adapters ?? throw ApiException.Invalid(null, "Adapters cannot be loaded here: the model is on a GPU or on a cluster.", "unsupported_endpoint"));
    }
}
