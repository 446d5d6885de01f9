using System.Text.Json;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Http;

/// <summary>Reads JSON requests for the endpoints: finds the model, parses the body, and checks the requested model name.</summary>
internal sealed class RequestReader(ModelSlot slot, IOptions<ServerOptions> options, ILogger<RequestReader> logger)
{
    /// <summary>The served model.</summary>
    /// <exception cref="ApiException">The model is not known yet.</exception>
    public ServedModel Model => slot.Require();

    /// <summary>The served model, which can answer now.</summary>
    /// <exception cref="ApiException">The model cannot answer now.</exception>
    public ServedModel ReadyModel => slot.RequireReady();

    /// <summary>
    /// Parses the body and returns what the endpoint reads from it. The JSON document is disposed afterwards, so the result must hold
    /// copies.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="model">The served model.</param>
    /// <param name="read">Reads the endpoint's parameters.</param>
    /// <param name="checkModel">Whether the requested model must be the served one; false if <paramref name="read"/> checks it.</param>
    /// <param name="known">The parameters that the endpoint knows; null to allow any.</param>
    public async Task<T> ReadAsync<T>(
        HttpContext context,
        ServedModel model,
        Func<RequestFields, ServedModel, ServerOptions, T> read,
        bool checkModel = true,
        KnownFields? known = null)
    {
        using JsonDocument body = await JsonBodyReader.ReadAsync(context, options.Value.MaxJsonDepth, options.Value.MaxBodyBytes);
        if (options.Value.LogText)
        {
            ServerLog.RequestBody(logger, body.RootElement.GetRawText());
        }

        RequestFields fields = new(body.RootElement);
        if (checkModel && fields.Text("model") is { } name && name != model.Name)
        {
            throw NotFound(name, model);
        }

        if (known is not null)
        {
            UnknownFields.Check(context, body.RootElement, known, options.Value.UnknownParameters);
        }

        return read(fields, model, options.Value);
    }

    /// <summary>404: the requested model is not the served one.</summary>
    public static ApiException NotFound(string name, ServedModel model) => new(
        StatusCodes.Status404NotFound, "invalid_request_error", $"The model '{Shorten(name)}' does not exist; this server has '{model.Name}'.")
    {
        Parameter = "model",
        Code = "model_not_found",
    };

    private static string Shorten(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
