using HunyuanOrleans.Contracts.Messages;

namespace HunyuanOrleans.Contracts.Grains;

/// <summary>
/// One request. The grain owns the prompt, the seed and the tokens so far, and asks the model again with them when a silo below fails. A caller
/// whose own enumeration breaks asks a new request grain with the tokens it has.
/// </summary>
[Alias("hunyuan.IRequestGrain")]
public interface IRequestGrain : IGrainWithGuidKey
{
    /// <summary>Runs the request. The request is cancelled when the caller leaves the enumeration or stops reading it.</summary>
    [Alias("RunAsync"), ClientCallable]
    IAsyncEnumerable<TokenBatch> RunAsync(RequestSpec request, CancellationToken cancellationToken);
}
