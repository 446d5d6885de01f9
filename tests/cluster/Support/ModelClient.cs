using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>The client's side of one model that a cluster serves.</summary>
internal sealed class ModelClient(TestCluster silos, TestModel model)
{
    public string Name => model.Name;

    public IModelGrain Grain => silos.Client.GetGrain<IModelGrain>(model.Name);

    /// <summary>The request as a message for the model, with a deadline that no slow machine reaches.</summary>
    public RequestSpec Spec(GenerationRequest request) => RequestSpec.Of(model.Name, request, Wait.Limit);

    public IAsyncEnumerable<TokenBatch> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        new ResumingStream((spec, token) => silos.Client.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(spec, token), TimeProvider.System)
            .RunAsync(Spec(request), cancellationToken);

    /// <summary>Sends a request as it is, without repeating it if its stream breaks.</summary>
    public IAsyncEnumerable<TokenBatch> StreamAsync(RequestSpec request) =>
        silos.Client.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(request, CancellationToken.None);

    /// <summary>The tokens of each answer.</summary>
    /// <exception cref="InvalidOperationException">An answer ended with an error.</exception>
    public async Task<int[][]> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        List<int>[] answers = [.. Enumerable.Range(0, request.Choices).Select(_ => new List<int>())];
        await foreach (TokenBatch batch in StreamAsync(request, cancellationToken))
        {
            if (batch.Error is not null)
            {
                throw new InvalidOperationException(batch.Error);
            }

            answers[batch.Choice].AddRange(batch.Ids);
        }

        return [.. answers.Select(static answer => answer.ToArray())];
    }

    /// <summary>The answers to requests that run side by side.</summary>
    public Task<int[][][]> GenerateAllAsync(IEnumerable<GenerationRequest> requests, CancellationToken cancellationToken = default) =>
        Task.WhenAll(requests.Select(request => GenerateAsync(request, cancellationToken)));

    public Task<ModelReport> ReportAsync() => TestCluster.RetryAsync(() => Grain.ReportAsync());

    /// <summary>Waits until the model's report meets a condition.</summary>
    public Task<ModelReport> UntilAsync(
        Func<ModelReport, bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string awaited = "") =>
        Wait.UntilAsync(ReportAsync, condition, awaited);

    /// <summary>Waits until no request runs or waits, and none holds blocks of keys and values.</summary>
    public Task<ModelReport> UntilIdleAsync() => UntilAsync(static report => report.Statistics is { Running: 0, Waiting: 0, KvUsed: 0 });
}
