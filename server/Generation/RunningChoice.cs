using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Streaming;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>One choice while it is computed: decodes its tokens to text and counts them.</summary>
/// <param name="choice">The engine's choice.</param>
/// <param name="format">The format of the choice.</param>
/// <param name="request">The engine request it belongs to.</param>
/// <param name="parser">Divides the text of the choice; null for plain text.</param>
/// <param name="text">The mapping from tokens to bytes.</param>
/// <param name="metrics">Records when tokens arrive.</param>
/// <param name="lease">The caller that is charged for the tokens; null for none.</param>
internal sealed class RunningChoice(
    IChoice choice,
    IChoiceFormat format,
    GenerationRequest request,
    AnswerParser? parser,
    ITokenText text,
    RequestMetrics metrics,
    CallerLease? lease)
{
    private readonly TextStream _text = request.CreateTextStream(text);
    private int _tokens;

    /// <summary>The format of the choice.</summary>
    public IChoiceFormat Format => format;

    /// <summary>How far the prompt is computed; null if that is not known.</summary>
    public PromptProgress? Progress => choice.Progress;

    /// <summary>The tokens that a request's choices used so far.</summary>
    public static TokenUsage GetUsage(List<RunningChoice> choices)
    {
        int prompt = 0, cached = 0, completion = 0;
        foreach (RunningChoice running in choices)
        {
            completion += running._tokens;
            // The choices of one prompt share it, so it counts once.
            if (running.Index == 0)
            {
                prompt += running.PromptLength;
                cached += running.Cached;
            }
        }

        return new TokenUsage(prompt, cached, completion);
    }

    private int Index => choice.Index;

    private int PromptLength => request.PromptIds.Length;

    private int Cached => choice.Completion.IsCompletedSuccessfully ? choice.Completion.Result.CachedPromptTokens : 0;

    /// <summary>Reads the choice's chunks, up to the one with a finish reason.</summary>
    /// <exception cref="ApiException">The engine failed or is stopping.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerable<ResponseChunk> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TokenChunk chunk in choice.WithCancellation(cancellationToken))
        {
            Check(chunk);
            _tokens += chunk.Ids.Length;
            if (chunk.Ids.Length > 0)
            {
                metrics.RecordTokens();
                lease?.Charge(chunk.Ids.Length);
            }

            string shown = _text.Append(chunk);
            bool endsWithStop = chunk.EndsWithStopId && chunk.Samples.Length > 0;
            ReadOnlyMemory<SampledToken> samples = endsWithStop ? chunk.Samples[..^1] : chunk.Samples;
            if (shown.Length > 0 || samples.Length > 0 || chunk.Prompt.Length > 0 || chunk.Finish != FinishReason.None)
            {
                yield return new ResponseChunk(shown, parser?.Append(shown, chunk.Finish != FinishReason.None) ?? [], samples, chunk.Finish, _text.StopString)
                {
                    Prompt = chunk.Prompt,
                    StopToken = endsWithStop ? chunk.Samples.Span[^1] : null,
                };

                // A choice that is computed as fast as it is read never waits. Without this yield it would keep its thread, and other
                // choices and new requests would stall until the thread pool grows.
                await Task.Yield();
            }
        }

        // The usage includes the cached tokens, which only the completion reports.
        await choice.Completion;
    }

    private static void Check(in TokenChunk chunk)
    {
        if (chunk.Finish == FinishReason.Error)
        {
            throw new ApiException(StatusCodes.Status500InternalServerError, "server_error", chunk.Error ?? "The engine failed.")
            {
                Code = "engine_error",
            };
        }

        if (chunk.Finish == FinishReason.Cancelled)
        {
            throw ApiException.Unavailable("shutting_down", "The answer was given up because the server is stopping.");
        }
    }
}
