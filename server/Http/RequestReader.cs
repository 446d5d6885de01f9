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
    /// <param name="read">Reads the endpoint's parameters, for the model that the request names: the served one or one of its adapters.</param>
    /// <param name="find">Finds the model that a request names; null (default) by the parameter model.</param>
    /// <param name="known">The parameters that the endpoint knows; null to allow any.</param>
    public async Task<T> ReadAsync<T>(
        HttpContext context,
        ServedModel model,
        Func<RequestFields, ServedModel, ServerOptions, T> read,
        Func<RequestFields, ServedModel, ServedModel>? find = null,
        KnownFields? known = null)
    {
        using JsonDocument body = await JsonBodyReader.ReadAsync(context, options.Value.MaxJsonDepth, options.Value.MaxBodyBytes);
        if (options.Value.LogText)
        {
            ServerLog.RequestBody(logger, body.RootElement.GetRawText());
        }

        RequestFields fields = new(body.RootElement);
        ServedModel requested = find is null ? Find(fields, model) : find(fields, model);
        context.Features.Set(new RequestedModel(requested));

        if (known is not null)
        {
            UnknownFields.Check(context, body.RootElement, known, options.Value.UnknownParameters);
        }

        return read(fields, requested, options.Value);
    }

    private static ServedModel Find(RequestFields fields, ServedModel model) =>
        fields.Text("model") is { } name ? model.Find(name) ?? throw NotFound(name, model) : model;

    /// <summary>404: the requested model is neither the served one nor one of its adapters.</summary>
    public static ApiException NotFound(string name, ServedModel model) => new(
        StatusCodes.Status404NotFound, "invalid_request_error", $"The model '{Shorten(name)}' does not exist; this server has {Names(model)}.")
    {
        Parameter = "model",
        Code = "model_not_found",
    };

    private static string Names(ServedModel model)
    {
        const int shown = 20;
        IEnumerable<string> adapters = model.Adapters?.Adapters.Select(static adapter => adapter.Name) ?? [];
        string[] names = [.. adapters.Prepend(model.Name)];
        return string.Join(", ", names.Take(shown).Select(static name => $"'{name}'")) + (names.Length > shown ? " and others" : "");
    }

    private static string Shorten(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
