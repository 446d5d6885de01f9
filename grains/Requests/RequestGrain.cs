using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Models;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Text.Streaming;
using Orleans.Concurrency;
using Orleans.Placement;

namespace HunyuanOrleans.Grains.Requests;

/// <inheritdoc cref="IRequestGrain"/>
[GrainType("request"), Reentrant, PreferLocalPlacement, SameModelFilter]
public sealed class RequestGrain(ModelHosts hosts, ModelTexts texts, TimeProvider time) : Grain, IRequestGrain
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<TokenBatch> RunAsync(RequestSpec request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            RequestError? error = RequestErrors.UnknownModel(hosts, request.BaseModel);
            ITokenText? text = error is null && request.IncludeText ? texts.Find(request.BaseModel) : null;
            if (error is null && request.IncludeText && text is null)
            {
                error = RequestErrors.NoText(request.BaseModel);
            }

            if (error is not null)
            {
                yield return ModelStream.Rejected(error);
                yield break;
            }

            AnswerTextWriter? writer = text is null ? null : new AnswerTextWriter(request, text);
            IModelGrain model = GrainFactory.GetGrain<IModelGrain>(request.BaseModel);
            ResumingStream answer = new(model.GenerateAsync, time);
            await foreach (TokenBatch batch in Heartbeats.AddTo(answer.RunAsync(request, cancellationToken), time, cancellationToken))
            {
                // A scheduler of a version without adapters would answer with the bare model.
                if (request.Parent is not null && batch is { Acknowledged: true, AdapterDigest: null })
                {
                    yield return ModelStream.Rejected(RequestErrors.NoAdapters(request.Model));
                    yield break;
                }

                yield return writer?.Add(batch) ?? batch;
            }
        }
        finally
        {
            DeactivateOnIdle();
        }
    }
}
