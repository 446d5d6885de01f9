using System.Diagnostics;
using System.Text;
using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Sends a model a few short requests through the endpoints before it is called ready. Otherwise the first request would wait until its code is compiled
/// and the kernels are generated, which takes longer than its tokens. Metrics, traces and logs do not show these requests.
/// </summary>
internal sealed partial class ModelWarmUp(IOptions<ServerOptions> options, TimeProvider time, DrainService drain, ILogger<ModelWarmUp> logger)
{
    // Most of the time that a first request loses is that of the first compilation. The runtime compiles a method for speed only after about 30 calls, so a
    // few requests more would not change that, and they would hold up models that compute long.
    private const int Repeats = 3;

    // Enough for several steps of decoding, few enough that a model that computes a second for each token is not held up.
    private const int AnswerTokens = 4;

    // Long enough for kernels of whole tiles of tokens and for experts with several tokens.
    private const string Words = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.";
    private const int PromptIds = 40;

    /// <summary>Warms the model up. A request that the model rejects, as its template may, is skipped.</summary>
    /// <param name="model">The model. Its generator should not be the one that serves requests, because its statistics and its cache see the requests.</param>
    /// <param name="stopping">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task RunAsync(ServedModel model, CancellationToken stopping)
    {
        using WarmUpMeters meters = new();
        ModelSlot slot = new();
        slot.Set(model);
        ServerMetrics server = new(meters, time);
        VllmMetrics vllm = new(meters, options, new EngineMetrics(server, slot), slot, time);
        RequestReader reader = new(slot, options, NullLogger<RequestReader>.Instance);
        GenerationHandler handler = new(options, time, server, vllm, drain, NullLogger<GenerationHandler>.Instance);
        RequestDelegate endpoint = model.Chat is null ? new CompletionEndpoint(reader, handler).HandleAsync : new ChatEndpoint(reader, handler).HandleAsync;

        // A span whose parent is not recorded is not recorded either.
        using Activity parent = new Activity("warm-up").SetIdFormat(ActivityIdFormat.W3C).Start();
        parent.ActivityTraceFlags = ActivityTraceFlags.None;
        for (int i = 0; i < Repeats; i++)
        {
            await SendAsync(endpoint, Body(model, i, stream: true), stopping);
            await SendAsync(endpoint, Body(model, i, stream: false), stopping);
        }
    }

    private static string Body(ServedModel model, int number, bool stream)
    {
        // Each begins differently, because a prompt that is in the cache would not be computed.
        string prompt = model.Chat is null
            ? $"\"prompt\":[{string.Join(',', Enumerable.Range(number, PromptIds).Select(id => id % model.Generator.Info.VocabularySize))}]"
            : $"\"messages\":[{{\"role\":\"user\",\"content\":\"{number}{stream} {Words}\"}}]";
        return $"{{{prompt},\"max_tokens\":{AnswerTokens},\"stream\":{(stream ? "true" : "false")}}}";
    }

    private async Task SendAsync(RequestDelegate endpoint, string body, CancellationToken stopping)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        DefaultHttpContext context = new() { RequestAborted = stopping };
        context.Request.Method = HttpMethods.Post;
        context.Request.ContentType = "application/json";
        context.Request.ContentLength = bytes.Length;
        context.Request.Body = new MemoryStream(bytes);
        context.Response.Body = Stream.Null;
        try
        {
            await endpoint(context);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Skipped(logger, error, error.Message);
        }

        stopping.ThrowIfCancellationRequested();
    }

    [LoggerMessage(12, LogLevel.Debug, "A request to warm the model up was skipped: {Reason}")]
    private static partial void Skipped(ILogger logger, Exception error, string reason);
}
