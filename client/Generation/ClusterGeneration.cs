using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>
/// A request that runs on the cluster. It reads the batches whether its answers are read or not. An answer that is cancelled ends here at once, but the
/// cluster computes it until it ends, or until the other answers of the request have ended.
/// </summary>
internal sealed class ClusterGeneration : IGeneration
{
    private readonly ClusterChoice[] _choices;
    private readonly Dictionary<int, ClusterChoice> _byIndex;
    private readonly CancellationTokenSource _cancelled = new();
    private readonly CancellationTokenRegistration[] _registrations;

    /// <summary>Creates the answers of a request. <see cref="StartAsync"/> starts it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="seed">The seed in effect.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Cancels all answers.</param>
    public ClusterGeneration(GenerationRequest request, ulong seed, TimeProvider time, CancellationToken stopping)
    {
        Seed = seed;
        int count = Math.Clamp(request.Choices, 1, GenerationRequest.MaxChoices);
        _choices = request.Resume is { } resumed
            ? [.. resumed.Select(choice => new ClusterChoice(choice.Index, choice.Ids, time, CancelIfAllCompleted))]
            : [.. Enumerable.Range(0, count).Select(index => new ClusterChoice(index, default, time, CancelIfAllCompleted))];
        _registrations = [Register(stopping), Register(request.Cancellation)];
        _byIndex = _choices.DistinctBy(static choice => choice.Index).ToDictionary(static choice => choice.Index);
    }

    /// <inheritdoc/>
    public IReadOnlyList<IChoice> Choices => _choices;

    /// <inheritdoc/>
    public ulong Seed { get; }

    /// <summary>Sends the request and waits until the cluster has accepted it.</summary>
    /// <param name="open">Opens the stream of batches; the token cancels it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RequestException">The request is wrong.</exception>
    /// <exception cref="QueueFullException">Too many answers are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async Task StartAsync(Func<CancellationToken, IAsyncEnumerable<TokenBatch>> open, CancellationToken cancellationToken)
    {
        TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = ReadAsync(open(_cancelled.Token), accepted);
        await accepted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Cancel()
    {
        foreach (ClusterChoice choice in _choices)
        {
            choice.Cancel();
        }

        _cancelled.Cancel();
    }

    private async Task ReadAsync(IAsyncEnumerable<TokenBatch> batches, TaskCompletionSource accepted)
    {
        try
        {
            await foreach (TokenBatch batch in batches.ConfigureAwait(false))
            {
                if (batch.RequestError is { } error)
                {
                    accepted.TrySetException(error.ToException(_choices.Length));
                    CompleteAll(FinishReason.Error, error.Message);
                    return;
                }

                if (batch.IsAccepted)
                {
                    accepted.TrySetResult();
                }

                if (_byIndex.TryGetValue(batch.Choice, out ClusterChoice? choice))
                {
                    choice.Append(batch);
                }
            }

            CompleteAll(FinishReason.Error, "The stream of tokens ended before the answer.");
            accepted.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            CompleteAll(FinishReason.Cancelled, null);
            accepted.TrySetResult();
        }
        catch (ObjectDisposedException disposed)
        {
            accepted.TrySetException(disposed);
            CompleteAll(FinishReason.Cancelled, null);
        }
        catch (Exception fault)
        {
            CompleteAll(FinishReason.Error, $"The cluster failed: {fault.Message}");
            accepted.TrySetResult();
        }
        finally
        {
            foreach (CancellationTokenRegistration registration in _registrations)
            {
                registration.Unregister();
            }
        }
    }

    private CancellationTokenRegistration Register(CancellationToken token) =>
        token.UnsafeRegister(static state => ((ClusterGeneration)state!)._cancelled.Cancel(), this);

    private void CompleteAll(FinishReason finish, string? error)
    {
        foreach (ClusterChoice choice in _choices)
        {
            choice.Complete(finish, error);
        }
    }

    private void CancelIfAllCompleted()
    {
        if (Array.TrueForAll(_choices, static choice => choice.Completion.IsCompleted))
        {
            _cancelled.Cancel();
        }
    }
}
