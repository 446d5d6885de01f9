using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Engine;

/// <summary>
/// Serves requests for one model, wherever that runs: what HTTP servers and programs are written against. Token ids in, token ids out; it
/// does not know text. Safe for any number of callers at once. Disposing it cancels what it serves.
/// </summary>
public interface IGenerator : IAsyncDisposable
{
    /// <summary>What the model is; constant.</summary>
    GeneratorInfo Info { get; }

    /// <summary>Checks a request and queues it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="cancellationToken">Gives up waiting for it to be accepted. One that was accepted is given up by its own means, or by
    /// <see cref="GenerationRequest.Cancellation"/>.</param>
    /// <returns>Its answers, not yet begun as a rule.</returns>
    /// <exception cref="RequestException">It is wrong or can never be served; the message names the parameter.</exception>
    /// <exception cref="QueueFullException">Too many answers wait.</exception>
    /// <exception cref="ObjectDisposedException">The generator is stopping.</exception>
    ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken);

    /// <summary>What is being done and has been done.</summary>
    /// <param name="cancellationToken">Gives up waiting for it.</param>
    ValueTask<EngineStatistics> StatisticsAsync(CancellationToken cancellationToken);
}
