using System.Runtime.CompilerServices;
using System.Threading.Channels;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>An engine's answers to one request, as batches for the wire. It does not know where its reader is.</summary>
internal static class ModelStream
{
    /// <summary>The batch that says that a request was not taken.</summary>
    public static TokenBatch Refused(RequestError refusal) => new(0, 0, [], [], FinishCode.Error, false, refusal.Message, refusal, null);

    /// <summary>Runs a request.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="constraints">Compiles constraints; null where the model has no text.</param>
    /// <param name="request">The request.</param>
    /// <param name="stopping">The engine is moving: answers that it cancels have not ended.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    public static IAsyncEnumerable<TokenBatch> RunAsync(
        InferenceEngine engine,
        Func<ConstraintCompiler?> constraints,
        RequestSpec request,
        CancellationToken stopping,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        Heartbeats.AddTo(AnswerAsync(engine, constraints, request, stopping, cancellationToken), time, cancellationToken);

    private static async IAsyncEnumerable<TokenBatch> AnswerAsync(
        InferenceEngine engine,
        Func<ConstraintCompiler?> constraints,
        RequestSpec request,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (Generation? generation, RequestError? refusal) = await SubmitAsync(engine, constraints, request);
        if (generation is null)
        {
            yield return Refused(refusal!);
            yield break;
        }

        Channel<TokenBatch> batches = Channel.CreateUnbounded<TokenBatch>(new UnboundedChannelOptions { SingleReader = true });
        Task pumps = PumpAllAsync(generation, request, batches.Writer, stopping);
        try
        {
            // At once, so that the owner knows that it was taken.
            yield return Heartbeats.Sign() with { Taken = true };
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

    private static async Task<(Generation? Generation, RequestError? Refusal)> SubmitAsync(
        InferenceEngine engine, Func<ConstraintCompiler?> constraints, RequestSpec request)
    {
        try
        {
            // Compiling takes long enough to be kept off the threads that grains share.
            Constraint? constraint = request.Constraint is null ? null : await Task.Run(() => Compile(constraints(), request));
            return (engine.Submit(request.ToRequest() with { Constraint = constraint }), null);
        }
        catch (ConstraintException wrong)
        {
            return (null, new RequestRefusal(wrong.Parameter, wrong.Message, false));
        }
        catch (RequestException wrong)
        {
            return (null, new RequestError(wrong.Parameter, wrong.Message, false));
        }
        catch (QueueFullException full)
        {
            return (null, new RequestError(null, full.Message, true, full.Waiting, full.Limit));
        }
    }

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

    private static async Task PumpAllAsync(Generation generation, RequestSpec request, ChannelWriter<TokenBatch> writer, CancellationToken stopping)
    {
        Exception? fault = null;
        try
        {
            await Task.WhenAll(generation.Choices.Select(choice => PumpAsync(choice, LengthOf(request, choice.Index), writer, stopping)));
        }
        catch (Exception e)
        {
            fault = e;
        }

        writer.Complete(fault);
    }

    private static int LengthOf(RequestSpec request, int choice) =>
        request.Progress?.FirstOrDefault(progress => progress.Choice == choice)?.Ids.Length ?? 0;

    private static async Task PumpAsync(ChoiceStream choice, int start, ChannelWriter<TokenBatch> writer, CancellationToken stopping)
    {
        while (true)
        {
            await choice.WaitAsync().ConfigureAwait(false);
            while (choice.TryRead(out TokenChunk chunk))
            {
                if (chunk.Finish == FinishReason.Cancelled && stopping.IsCancellationRequested)
                {
                    throw new GrainCallException("The model's scheduler is moving.");
                }

                TokenMessage[] samples = new TokenMessage[chunk.Samples.Length];
                for (int i = 0; i < samples.Length; i++)
                {
                    samples[i] = TokenMessage.Of(chunk.Samples.Span[i]);
                }

                AnswerSummary? summary = null;
                if (chunk.Finish != FinishReason.None)
                {
                    ChoiceResult result = await choice.Completion.ConfigureAwait(false);
                    summary = new AnswerSummary(result.CachedPromptTokens, result.Timings.Queued);
                }

                writer.TryWrite(new TokenBatch(
                    choice.Index, start, chunk.Ids.ToArray(), samples, (FinishCode)chunk.Finish, chunk.EndsWithStopId, chunk.Error, null, summary));
                start += chunk.Ids.Length;
                if (summary is not null)
                {
                    return;
                }
            }
        }
    }
}
