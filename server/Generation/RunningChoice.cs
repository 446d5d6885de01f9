using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Text.Streaming;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>One answer being computed: its tokens turned into pieces of text, and counted.</summary>
/// <param name="choice">The answer.</param>
/// <param name="format">The shape it is given in.</param>
/// <param name="request">What it answers.</param>
/// <param name="text">The tokens' bytes.</param>
/// <param name="measure">Told when tokens come.</param>
/// <param name="lease">Charged for them; null for nobody.</param>
internal sealed class RunningChoice(
    IChoice choice, IChoiceFormat format, GenerationRequest request, ITokenText text, RequestMeasure measure, CallerLease? lease)
{
    private readonly TextStream _text = request.CreateTextStream(text);
    private int _tokens;

    /// <summary>The shape it is given in.</summary>
    public IChoiceFormat Format => format;

    /// <summary>What a request's answers used so far.</summary>
    public static AnswerUsage Usage(List<RunningChoice> choices)
    {
        int prompt = 0, cached = 0, answer = 0;
        foreach (RunningChoice running in choices)
        {
            answer += running._tokens;
            // The answers to one prompt share it: it counts once.
            if (running.Index == 0)
            {
                prompt += running.PromptLength;
                cached += running.Cached;
            }
        }

        return new AnswerUsage(prompt, cached, answer);
    }

    private int Index => choice.Index;

    private int PromptLength => request.PromptIds.Length;

    private int Cached => choice.Completion.IsCompletedSuccessfully ? choice.Completion.Result.CachedPromptTokens : 0;

    /// <summary>The answer's pieces, up to the one with a finish reason.</summary>
    /// <exception cref="ApiException">The engine failed or is stopping.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerable<AnswerPiece> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TokenChunk chunk in choice.WithCancellation(cancellationToken))
        {
            Check(chunk);
            _tokens += chunk.Ids.Length;
            if (chunk.Ids.Length > 0)
            {
                measure.Tokens();
                lease?.Charge(chunk.Ids.Length);
            }

            string piece = _text.Append(chunk);
            ReadOnlyMemory<SampledToken> samples = chunk.EndsWithStopId && chunk.Samples.Length > 0 ? chunk.Samples[..^1] : chunk.Samples;
            if (piece.Length > 0 || samples.Length > 0 || chunk.Finish != FinishReason.None)
            {
                yield return new AnswerPiece(piece, samples, chunk.Finish);

                // An answer computed as fast as it is read never waits; without this it would keep its thread, and other answers and
                // new requests would stand still until the pool grows.
                await Task.Yield();
            }
        }

        // The usage needs what only the completion knows.
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
