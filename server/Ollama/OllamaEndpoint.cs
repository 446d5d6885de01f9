using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>Ollama's API: /api/chat, /api/generate, /api/tags and /api/show.</summary>
internal sealed class OllamaEndpoint(RequestReader reader, GenerationHandler handler, TimeProvider time)
{
    /// <summary>POST /api/chat.</summary>
    public Task ChatAsync(HttpContext context) => AnswerAsync(context, OllamaRequestReader.ReadChat, isChat: true);

    /// <summary>POST /api/generate.</summary>
    public Task GenerateAsync(HttpContext context) => AnswerAsync(context, OllamaRequestReader.ReadGenerate, isChat: false);

    /// <summary>GET /api/tags.</summary>
    public Task ListAsync(HttpContext context) => ReportAsync(context, () =>
    {
        ServedModel model = reader.Model;
        return JsonResponse.WriteAsync(context, json => OllamaModels.WriteList(json, model));
    });

    /// <summary>POST /api/show.</summary>
    public Task ShowAsync(HttpContext context) => ReportAsync(context, async () =>
    {
        ServedModel model = reader.Model;
        bool reasons = await reader.ReadAsync(context, model, Read, checkModel: false);
        await JsonResponse.WriteAsync(context, json => OllamaModels.Write(json, model, reasons));

        static bool Read(RequestFields fields, ServedModel model, ServerOptions options)
        {
            OllamaRequestReader.CheckModel(fields, model);
            return options.FindReasoning(model) is not null;
        }
    });

    private Task AnswerAsync(HttpContext context, Func<RequestFields, ServedModel, ServerOptions, OllamaRequest> read, bool isChat) => ReportAsync(context, async () =>
    {
        ServedModel model = reader.ReadyModel;
        OllamaRequest request = await reader.ReadAsync(context, model, read, checkModel: false);
        OllamaFormat format = new(isChat, model.Name, time);
        await (request.Job is null
            ? JsonResponse.WriteAsync(context, format.WriteLoaded)
            : handler.HandleAsync(context, model, request.Job with { Format = format }));
    });

    // Ollama's clients read an error's text where OpenAI's have an object.
    private static async Task ReportAsync(HttpContext context, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ApiException error) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = error.Status;
            if (error.RetryAfter is TimeSpan wait)
            {
                RetryAfterHeader.Set(context.Response, wait);
            }

            await JsonResponse.WriteAsync(context, json => OllamaFormat.WriteError(json, error));
        }
    }
}
