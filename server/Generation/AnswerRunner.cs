using HunyuanOrleans.Contracts;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Model;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// The main path of a request: submits it, sends its answers as they come or whole, and gives everything up when the client is gone
/// or its time is over. It does not know the shape of answers.
/// </summary>
internal sealed class AnswerRunner(
    IOptions<ServerOptions> options, TimeProvider time, ServerMeter meter, Drain drain, ILogger<AnswerRunner> logger)
{
    // A full queue moves on within a step or two; a second is the shortest wait that Retry-After can name.
    private static readonly TimeSpan QueueRetry = TimeSpan.FromSeconds(1);

    private static ApiException Stopping => ApiException.Unavailable("shutting_down", "The server is stopping. Try again soon.");

    /// <summary>Answers a request.</summary>
    /// <exception cref="ApiException">It cannot be answered, and nothing was sent yet.</exception>
    public async Task RunAsync(HttpContext context, ServedModel model, AnswerJob job)
    {
        using CancellationTokenSource deadline = new(options.Value.RequestTimeout, time);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(
            deadline.Token, context.RequestAborted, drain.Token);
        using RequestMeasure measure = meter.Begin(job.Format.Operation, model.Name, job.Stream);
        List<IGeneration> generations = new(job.Requests.Count);
        List<RunningChoice> choices = [];
        try
        {
            await SubmitAsync(model, job, generations, end.Token);
            AnswerHead head = new(
                job.Format.IdPrefix + Guid.NewGuid().ToString("N"),
                job.Stream ? job.Format.ChunkObject : job.Format.WholeObject,
                time.GetUtcNow().ToUnixTimeSeconds(),
                model.Name);
            CallerLease? lease = context.Features.Get<CallerLease>();
            lease?.Charge(job.Requests.Sum(request => request.PromptIds.Length));
            choices = Choices(model, job, generations, measure, lease);
            await (job.Stream
                ? new StreamedAnswer(context, head, job, choices).SendAsync(end.Token)
                : WholeAnswer.SendAsync(context, head, choices, end.Token));
            measure.Succeeded();
        }
        catch (Exception error) when (Translate(error, job, context, deadline.Token) is ApiException told)
        {
            measure.Failed(told.Code ?? told.Type);
            if (!context.Response.HasStarted)
            {
                throw told;
            }

            await StreamedAnswer.SendErrorAsync(context, told);
        }
        catch (OperationCanceledException)
        {
            measure.Failed("cancelled");
        }
        finally
        {
            foreach (IGeneration generation in generations)
            {
                generation.Cancel();
            }

            AnswerUsage usage = RunningChoice.Usage(choices);
            measure.Used(usage, choices.Count);
            ServerLog.Answered(logger, model.Name, job.Requests.Count, choices.Count, usage.Prompt, usage.Cached, usage.Answer, measure.Outcome);
        }
    }

    private static async Task SubmitAsync(ServedModel model, AnswerJob job, List<IGeneration> generations, CancellationToken end)
    {
        Constraint? constraint = job.Output is OutputSpec output ? await model.Constraints.CompileAsync(output.Form, output.Parameter, end) : null;
        foreach (GenerationRequest request in job.Requests)
        {
            generations.Add(await model.Generator.SubmitAsync(request with { Constraint = constraint }, end));
        }
    }

    private static List<RunningChoice> Choices(
        ServedModel model, AnswerJob job, List<IGeneration> generations, RequestMeasure measure, CallerLease? lease)
    {
        List<RunningChoice> choices = [];
        for (int prompt = 0; prompt < generations.Count; prompt++)
        {
            foreach (IChoice choice in generations[prompt].Choices)
            {
                IChoiceFormat format = job.Format.Choice(choices.Count, prompt);
                choices.Add(new RunningChoice(choice, format, job.Requests[prompt], model.Text(job.SkipSpecial), measure, lease));
            }
        }

        return choices;
    }

    private ApiException? Translate(Exception error, AnswerJob job, HttpContext context, CancellationToken deadline) => error switch
    {
        ApiException told => told,
        QueueFullException full => ApiException.TooMany("queue_full", full.Message, QueueRetry),
        RequestException { Parameter: "prompt" } wrong => ApiException.Invalid(job.PromptParameter, wrong.Message),
        RequestException { Parameter: "max_tokens" } wrong => ApiException.Invalid(job.LengthParameter, wrong.Message, "context_length_exceeded"),
        ConstraintException wrong => ApiException.Invalid(wrong.Parameter, wrong.Message),
        RequestException wrong => ApiException.Invalid(wrong.Parameter, wrong.Message),
        ModelException or HunyuanException or TextException => new ApiException(StatusCodes.Status500InternalServerError, "server_error", error.Message),
        ObjectDisposedException => Stopping,
        OperationCanceledException when drain.Token.IsCancellationRequested => Stopping,
        OperationCanceledException when deadline.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested =>
            new ApiException(StatusCodes.Status504GatewayTimeout, "timeout_error", "The request took longer than this server allows.")
            {
                Code = "request_timeout",
            },
        _ => null,
    };
}
