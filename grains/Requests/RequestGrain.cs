using System.Runtime.CompilerServices;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using Orleans.Concurrency;
using Orleans.Placement;

namespace HunyuanOrleans.Grains.Requests;

/// <inheritdoc cref="IRequestGrain"/>
[Reentrant, PreferLocalPlacement]
public sealed class RequestGrain(ModelHosts hosts, TimeProvider time) : Grain, IRequestGrain
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<TokenBatch> RunAsync(RequestSpec request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!hosts.Knows(request.Model))
        {
            string allowed = string.Join(", ", hosts.All.Select(static host => host.Settings.Name));
            yield return ModelStream.Refused(new RequestRefusal("model", $"model is \"{request.Model}\"; allowed: {allowed}.", false));
            yield break;
        }

        IModelGrain model = GrainFactory.GetGrain<IModelGrain>(request.Model);
        ResumingStream answer = new(model.GenerateAsync, time);
        try
        {
            await foreach (TokenBatch batch in SignsOfLife.AddTo(answer.RunAsync(request, cancellationToken), time, cancellationToken))
            {
                yield return batch;
            }
        }
        finally
        {
            DeactivateOnIdle();
        }
    }
}
