using System.Runtime.CompilerServices;
using System.Threading.Channels;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Models;
using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>Runs a request on an engine and returns its answers as batches for the wire.</summary>
internal static class ModelStream
{
    // Often enough for a bar that moves, and rarely enough to cost nothing.
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Creates the batch of a request that was not accepted.</summary>
    public static TokenBatch Rejected(RequestError error) => new() { Finish = FinishCode.Error, Error = error.Message, RequestError = error };

    /// <summary>Runs a request.</summary>
    /// <param name="runtime">The model's scheduler. Answers that it cancels when it moves to another silo have not ended.</param>
    /// <param name="constraints">Returns the compiler of constraints; null if the model has no tokenizer.</param>
    /// <param name="request">The request.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public static IAsyncEnumerable<TokenBatch> RunAsync(
        ModelRuntime runtime, Func<ConstraintCompiler?> constraints, RequestSpec request, TimeProvider time, CancellationToken cancellationToken) =>
        Heartbeats.AddTo(AnswerAsync(runtime, constraints, request, time, cancellationToken), time, cancellationToken);

    private static async IAsyncEnumerable<TokenBatch> AnswerAsync(
        ModelRuntime runtime,
        Func<ConstraintCompiler?> constraints,
        RequestSpec request,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (Generation? generation, string? adapter, TokenBatch[]? errors) = await SubmitAsync(runtime, constraints, request, cancellationToken);
        if (generation is null)
        {
            foreach (TokenBatch error in errors!)
            {
                yield return error;
            }

            yield break;
        }

        Channel<TokenBatch> batches = Channel.CreateUnbounded<TokenBatch>(new UnboundedChannelOptions { SingleReader = true });
        Task pumps = PumpAllAsync(generation, request, batches.Writer, runtime.Stopping, time);
        try
        {
            // Sent at once, so that the caller knows that the request was accepted.
            yield return Heartbeats.Create() with { Acknowledged = true, AdapterDigest = adapter };
            await foreach (TokenBatch batch in batches.Reader.ReadAllAsync(cancellationToken))
            {
                yield return batch;
            }

            await pumps;
        }
        finally
        {
            generation.Cancel();
        }
    }

    private static async Task<(Generation? Generation, string? Adapter, TokenBatch[]? Errors)> SubmitAsync(
        ModelRuntime runtime, Func<ConstraintCompiler?> constraints, RequestSpec request, CancellationToken cancellationToken)
    {
        try
        {
            // Compiling may take long, so it does not run on the threads that grains share.
            Constraint? constraint = request.Constraint is null ? null : await Task.Run(() => Compile(constraints(), request));
            GenerationRequest wanted = request.ToRequest() with { Constraint = constraint };
            if (request.Parent is null)
            {
                return (runtime.Engine.Submit(wanted), null, null);
            }

            ClusterAdapter? adapter = null;
            Generation generation = await runtime.Engine.SubmitAsync(wanted, async token => adapter = await AcquireAsync(runtime, request, token), cancellationToken);
            return (generation, adapter!.Digest, null);
        }
        catch (ConstraintException wrong)
        {
            return Refused(new RequestError(wrong.Parameter, wrong.Message, false));
        }
        catch (RequestException wrong)
        {
            return Refused(new RequestError(wrong.Parameter, wrong.Message, false, TooLong: wrong.IsTooLong));
        }
        catch (QueueFullException full)
        {
            return Refused(new RequestError(null, full.Message, true, full.Waiting, full.Limit));
        }
        catch (ExecutorException late)
        {
            // The request is right, so its answers end as those do for which the cluster had no route in time.
            return (null, null, Failed(request, late.Message));
        }
    }

    private static (Generation?, string?, TokenBatch[]) Refused(RequestError error) => (null, null, [Rejected(error)]);

    private static TokenBatch[] Failed(RequestSpec request, string error) =>
    [
        .. (request.Progress?.Select(static progress => progress.Choice) ?? Enumerable.Range(0, request.Choices)).Select(
            choice => new TokenBatch { Choice = choice, Start = LengthOf(request, choice), Finish = FinishCode.Error, Error = error }),
    ];

    private static async Task<ClusterAdapter> AcquireAsync(ModelRuntime runtime, RequestSpec request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, runtime.Stopping);
        try
        {
            return await runtime.Adapters.AcquireAsync(request.Model, request.AdapterDigest, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Moves();
        }
    }

    private static GrainCallException Moves() => new("The scheduler of the model moves to another silo.");

    private static Constraint Compile(ConstraintCompiler? compiler, RequestSpec request)
    {
        string parameter = request.ConstraintParameter ?? "response_format";
        if (compiler is null)
        {
            throw new RequestException(parameter, $"{parameter} needs a tokenizer, and this model has none; leave it out.");
        }

        try
        {
            return compiler.Compile(ConstraintSpec.Parse(request.Constraint!), parameter);
        }
        catch (FormatException wrong)
        {
            throw new RequestException(parameter, $"{parameter} cannot be read: {wrong.Message}");
        }
    }

    private static async Task PumpAllAsync(
        Generation generation, RequestSpec request, ChannelWriter<TokenBatch> writer, CancellationToken stopping, TimeProvider time)
    {
        Exception? fault = null;
        try
        {
            await Task.WhenAll(generation.Choices.Select(async choice =>
            {
                int start = LengthOf(request, choice.Index);
                if (request.ReportProgress && start == 0)
                {
                    await PumpProgressAsync(choice, writer, time).ConfigureAwait(false);
                }

                await PumpAsync(choice, start, writer, stopping).ConfigureAwait(false);
            }));
        }
        catch (Exception e)
        {
            fault = e;
        }

        writer.Complete(fault);
    }

    private static int LengthOf(RequestSpec request, int choice) =>
        request.Progress?.FirstOrDefault(progress => progress.Choice == choice)?.Ids.Length ?? 0;

    // Sends how far the prompt is computed, until the first token or the end of the answer.
    private static async Task PumpProgressAsync(ChoiceStream choice, ChannelWriter<TokenBatch> writer, TimeProvider time)
    {
        PromptProgress? sent = null;
        Task next = choice.WaitAsync().AsTask();
        bool ended;
        do
        {
            ended = await Task.WhenAny(next, Task.Delay(ProgressInterval, time)).ConfigureAwait(false) == next;
            if (choice.Progress is { } progress && progress != sent)
            {
                sent = progress;
                writer.TryWrite(Heartbeats.Create() with { Choice = choice.Index, Progress = PromptProgressMessage.Of(progress) });
            }
        }
        while (!ended);
    }

    private static async Task PumpAsync(ChoiceStream choice, int start, ChannelWriter<TokenBatch> writer, CancellationToken stopping)
    {
        while (true)
        {
            await choice.WaitAsync().ConfigureAwait(false);
            while (choice.TryRead(out TokenChunk chunk))
            {
                if (chunk.Finish == FinishReason.Cancelled && stopping.IsCancellationRequested)
                {
                    throw Moves();
                }

                AnswerSummary? summary = null;
                if (chunk.Finish != FinishReason.None)
                {
                    ChoiceResult result = await choice.Completion.ConfigureAwait(false);
                    summary = new AnswerSummary(result.CachedPromptTokens, result.Timings.Queued);
                }

                writer.TryWrite(new TokenBatch
                {
                    Choice = choice.Index,
                    Start = start,
                    Ids = chunk.Ids.ToArray(),
                    Samples = TokenMessage.Of(chunk.Samples.Span),
                    Prompt = TokenMessage.Of(chunk.Prompt.Span),
                    Finish = (FinishCode)chunk.Finish,
                    EndsWithStopId = chunk.EndsWithStopId,
                    Error = chunk.Error,
                    Summary = summary,
                });
                start += chunk.Ids.Length;
                if (summary is not null)
                {
                    return;
                }
            }
        }
    }
}
