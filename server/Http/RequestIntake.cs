using System.Text.Json;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Http;

/// <summary>What every endpoint that reads JSON does first: find the model, read the body, check the model's name.</summary>
internal sealed class RequestIntake(ModelSlot slot, IOptions<ServerOptions> options, ILogger<RequestIntake> logger)
{
    /// <summary>The served model.</summary>
    /// <exception cref="ApiException">It is not there yet.</exception>
    public ServedModel Model => slot.Require();

    /// <summary>Reads the body and turns it into what the endpoint needs; nothing of the JSON may be kept but what is copied.</summary>
    /// <param name="context">The request.</param>
    /// <param name="model">The served model.</param>
    /// <param name="read">Reads the parameters.</param>
    public async Task<T> ReadAsync<T>(HttpContext context, ServedModel model, Func<RequestFields, ServedModel, ServerOptions, T> read)
    {
        using JsonDocument body = await JsonBody.ReadAsync(context, options.Value.MaxJsonDepth);
        if (options.Value.LogText)
        {
            ServerLog.Text(logger, body.RootElement.GetRawText());
        }

        RequestFields fields = new(body.RootElement);
        if (fields.Text("model") is { } name && name != model.Name)
        {
            throw NotFound(name, model);
        }

        return read(fields, model, options.Value);
    }

    /// <summary>The error for a model that is not served.</summary>
    public static ApiException NotFound(string name, ServedModel model) => new(
        StatusCodes.Status404NotFound, "invalid_request_error", $"The model '{Shorten(name)}' does not exist; this server has '{model.Name}'.")
    {
        Parameter = "model",
        Code = "model_not_found",
    };

    private static string Shorten(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
