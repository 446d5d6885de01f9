namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// Serves requests for one model, in this process or on a cluster, from token ids to token ids. HTTP servers and programs use this interface.
/// Thread-safe. Disposing a generator cancels all its answers.
/// </summary>
public interface IGenerator : IAsyncDisposable
{
    /// <summary>The properties of the model. They do not change.</summary>
    GeneratorInfo Info { get; }

    /// <summary>Validates a request and queues it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancels the submission. Once the request is accepted, cancel it with
    /// <see cref="IGeneration.Cancel"/> or <see cref="GenerationRequest.Cancellation"/>.</param>
    /// <returns>The request's answers, which usually have not started yet.</returns>
    /// <exception cref="RequestException">The request is invalid or can never be served; the message names the parameter.</exception>
    /// <exception cref="QueueFullException">Too many answers are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The generator is stopping.</exception>
    ValueTask<IGeneration> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken);

    /// <summary>Gets the state of the engine and its counts since it started.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<EngineStatistics> GetStatisticsAsync(CancellationToken cancellationToken);

    /// <summary>Forgets all cached prefixes, so that later prompts are computed from their first token. Running answers are not affected.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Number of KV blocks that were cached.</returns>
    /// <exception cref="ObjectDisposedException">The generator is stopping.</exception>
    ValueTask<int> ResetPrefixCacheAsync(CancellationToken cancellationToken);
}
