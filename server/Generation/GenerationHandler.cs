using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Model;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// The main path of a request: submits it to the engine, sends the response, and cancels the work when the client disconnects or the
/// request's time is over. A request that the engine does not accept gets an error as its whole response; the headers of a stream are sent once it
/// is accepted, before it leaves the engine's queue. It does not know the format of responses.
/// </summary>
internal sealed class GenerationHandler(
    IOptions<ServerOptions> options, TimeProvider time, ServerMetrics metrics, VllmMetrics vllm, DrainService drain, ILogger<GenerationHandler> logger)
{
    // A full queue has room again within a step or two. One second is the shortest wait that Retry-After can express.
    private static readonly TimeSpan QueueRetry = TimeSpan.FromSeconds(1);

    private static ApiException ShuttingDown => ApiException.Unavailable("shutting_down", "The server is stopping. Try again soon.");

    /// <summary>Handles a request.</summary>
    /// <exception cref="ApiException">The request failed before anything was sent.</exception>
    public async Task HandleAsync(HttpContext context, ServedModel served, GenerationJob job)
    {
        ServedModel model = RequestedModel.Of(context, served);
        using CancellationTokenSource deadline = new(options.Value.RequestTimeout, time);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(
            deadline.Token, context.RequestAborted, drain.Token);
        CallerLease? lease = context.Features.Get<CallerLease>();
        using RequestMetrics request = metrics.Begin(job.Format.Operation, model.Name, job.Stream);
        List<IGeneration> generations = new(job.Requests.Count);
        List<RunningChoice> choices = [];
        EventConnection? events = job.Stream ? OpenEvents(context, job.Format, end.Token) : null;
        ResponseHeader header = new(job.Format.IdPrefix + Guid.NewGuid().ToString("N"), time.GetUtcNow().ToUnixTimeSeconds(), model.Name);
        try
        {
            await SubmitAsync(model, job, options.Value.AnyNumbers, generations, end.Token);
            lease?.Charge(job.Requests.Sum(prompt => prompt.PromptIds.Length));
            choices = CreateChoices(model, job, generations, request, lease);
            await (events is not null
                ? new StreamingResponse(context, events, header, job, choices, time).SendAsync(end.Token)
                : BufferedResponse.SendAsync(context, header, job, choices, end.Token));
            request.Succeeded();
        }
        catch (Exception error) when (Translate(error, job, context, deadline.Token) is ApiException shown)
        {
            request.Failed(shown.Code ?? shown.Type);
            if (events is null || !await events.EndCommentsAsync())
            {
                throw shown;
            }

            await StreamingResponse.SendErrorAsync(events, job.Format, header, shown, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            request.Failed("cancelled");
        }
        finally
        {
            foreach (IGeneration generation in generations)
            {
                generation.Cancel();
            }

            TokenUsage usage = RunningChoice.GetUsage(choices);
            request.RecordUsage(usage, choices.Count);
            ServerLog.RequestEnded(
                logger, model.Name, lease?.Caller, job.Requests.Count, choices.Count, usage.Prompt, usage.Cached, usage.Completion, request.Outcome);

            if (events is not null)
            {
                await events.DisposeAsync();
            }
        }
    }

    private EventConnection OpenEvents(HttpContext context, IResponseFormat format, CancellationToken end) =>
        new(context, format.StreamType, format.HasComments ? options.Value.KeepAliveInterval : TimeSpan.Zero, time, end);

    private async Task SubmitAsync(
        ServedModel model, GenerationJob job, bool anyNumbers, List<IGeneration> generations, CancellationToken end)
    {
        Constraint? constraint = job.Output is not StructuredOutput output ? null
            : await model.Constraints.CompileAsync(
                anyNumbers ? ConstraintSpec.AnyNumbers(output.Constraint) : output.Constraint, output.Parameter, end);
        foreach (GenerationRequest request in job.Requests)
        {
            generations.Add(await SubmitAsync(model, request with { Constraint = constraint, ReportProgress = job.ReportProgress, Adapter = model.Adapter }, end));
        }
    }

    // Messages about files are for operators: they have paths of this machine.
    private async ValueTask<IGeneration> SubmitAsync(ServedModel model, GenerationRequest request, CancellationToken end)
    {
        try
        {
            return await model.Generator.SubmitAsync(request, end);
        }
        catch (ModelException e) when (request.Adapter is { } adapter)
        {
            ServerLog.AdapterNotLoaded(logger, adapter, e);
            throw new ApiException(
                StatusCodes.Status500InternalServerError, "server_error", $"The adapter '{adapter}' cannot be loaded any more; the server's log has the details.");
        }
    }

    private List<RunningChoice> CreateChoices(
        ServedModel model, GenerationJob job, List<IGeneration> generations, RequestMetrics metrics, CallerLease? lease)
    {
        List<RunningChoice> choices = [];
        for (int prompt = 0; prompt < generations.Count; prompt++)
        {
            foreach (IChoice choice in generations[prompt].Choices)
            {
                IChoiceFormat format = job.Format.CreateChoice(choices.Count, prompt);
                choices.Add(new RunningChoice(vllm.Measure(choice), format, job.Requests[prompt], job.Answer?.CreateParser(), model.Text(job.SkipSpecial), metrics, lease));
            }
        }

        return choices;
    }

    private ApiException? Translate(Exception exception, GenerationJob job, HttpContext context, CancellationToken deadline) => exception switch
    {
        ApiException shown => shown,
        QueueFullException full => ApiException.TooManyRequests("queue_full", full.Message, QueueRetry),
        RequestException { Parameter: "prompt", IsTooLong: true } error => ApiException.Invalid(job.PromptParameter, error.Message, "context_length_exceeded"),
        RequestException { Parameter: "prompt" } error => ApiException.Invalid(job.PromptParameter, error.Message),
        RequestException { Parameter: "max_tokens" } error => ApiException.Invalid(job.LengthParameter, error.Message, "context_length_exceeded"),
        ConstraintException error => ApiException.Invalid(error.Parameter, error.Message),
        RequestException error => ApiException.Invalid(error.Parameter, error.Message),
        _ when UserErrors.IsForUsers(exception) => new ApiException(StatusCodes.Status500InternalServerError, "server_error", exception.Message),
        ObjectDisposedException => ShuttingDown,
        OperationCanceledException when drain.Token.IsCancellationRequested => ShuttingDown,
        OperationCanceledException when deadline.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested =>
            new ApiException(StatusCodes.Status504GatewayTimeout, "timeout_error", "The request took longer than this server allows.")
            {
                Code = "request_timeout",
            },
        _ => null,
    };
}
