using HunyuanOrleans.Grains.Messages;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>One model of the cluster: its scheduler, and the plan of who holds what. The key is the model's name.</summary>
public interface IModelGrain : IGrainWithStringKey
{
    /// <summary>What callers need to know of the model.</summary>
    [AlwaysInterleave]
    Task<ModelCard> DescribeAsync();

    /// <summary>
    /// Answers a request, from where its owner's tokens end. Errors come as a batch with a reason, not as exceptions; the enumeration breaks
    /// where the grain or its silo ends, and the owner asks again.
    /// </summary>
    IAsyncEnumerable<TokenBatch> GenerateAsync(RequestSpec request, CancellationToken cancellationToken);

    /// <summary>What the model is doing and who holds it.</summary>
    [AlwaysInterleave]
    Task<ModelReport> ReportAsync();

    /// <summary>
    /// Moves everything away from a silo that is about to stop, and completes when it is no longer needed, or cannot be spared.
    /// </summary>
    /// <returns>True where nothing of the model is there any more.</returns>
    [AlwaysInterleave, ResponseTimeout("01:00:00")]
    Task<bool> LeaveAsync(string silo, CancellationToken cancellationToken);
}
