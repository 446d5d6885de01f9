using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// One request: owns its prompt, seed and tokens so far, and asks the model again with them when anything below fails. Callers whose own
/// enumeration breaks ask a new request grain, with the tokens they have.
/// </summary>
public interface IRequestGrain : IGrainWithGuidKey
{
    /// <summary>Runs the request. Leaving the enumeration, or not reading it any more, cancels it.</summary>
    IAsyncEnumerable<TokenBatch> RunAsync(RequestSpec request, CancellationToken cancellationToken);
}
