using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>Ollama's API: /api/chat, /api/generate, /api/tags and /api/show.</summary>
internal sealed class OllamaEndpoint(RequestReader reader, GenerationHandler handler, TimeProvider time)
{
    /// <summary>POST /api/chat.</summary>
    public Task ChatAsync(HttpContext context) => AnswerAsync(context, OllamaRequestReader.ReadChat, EndpointFields.OllamaChat, isChat: true);

    /// <summary>POST /api/generate.</summary>
    public Task GenerateAsync(HttpContext context) => AnswerAsync(context, OllamaRequestReader.ReadGenerate, EndpointFields.OllamaGenerate, isChat: false);

    /// <summary>GET /api/tags.</summary>
    public Task ListAsync(HttpContext context)
    {
        ServedModel model = reader.Model;
        return JsonResponse.WriteAsync(context, json => OllamaModels.WriteList(json, model));
    }

    /// <summary>POST /api/show.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        ServedModel model = reader.Model;
        bool reasons = await reader.ReadAsync(
            context, model, static (_, named, options) => options.FindReasoning(named) is not null, OllamaRequestReader.FindModel, EndpointFields.OllamaShow);
        ServedModel shown = RequestedModel.Of(context, model);
        await JsonResponse.WriteAsync(context, json => OllamaModels.Write(json, shown, reasons));
    }

    private async Task AnswerAsync(
        HttpContext context, Func<RequestFields, ServedModel, ServerOptions, GenerationJob?> read, KnownFields known, bool isChat)
    {
        ServedModel model = reader.ReadyModel;
        GenerationJob? job = await reader.ReadAsync(context, model, read, OllamaRequestReader.FindModel, known);
        bool logprobs = job?.Requests[0].Sampling.LogProbabilities is not null;
        OllamaFormat format = new(isChat, RequestedModel.Of(context, model).Name, logprobs ? new ChatLogprobs(model.Text(skipSpecial: false)) : null, time);
        await (job is null
            ? JsonResponse.WriteAsync(context, format.WriteLoaded)
            : handler.HandleAsync(context, model, job with { Format = format }));
    }
}
