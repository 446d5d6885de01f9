using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>
/// A request that the cluster has taken. Its batches are read whether its answers are or not. An answer that is cancelled beside others ends here at
/// once; the cluster lets go of it when it ends there, or when all are cancelled.
/// </summary>
internal sealed class ClusterGeneration : IGeneration
{
    private readonly ClusterChoice[] _choices;
    private readonly Dictionary<int, ClusterChoice> _byIndex;
    private readonly CancellationTokenSource _cancelled = new();
    private readonly CancellationTokenRegistration[] _links;

    public ClusterGeneration(GenerationRequest request, ulong seed, TimeProvider time, CancellationToken stopping)
    {
        Seed = seed;
        _choices = request.Resume is { } resumed
            ? [.. resumed.Select(choice => new ClusterChoice(choice.Index, choice.Ids, time, NoteEnd))]
            : [.. Enumerable.Range(0, Math.Clamp(request.Choices, 1, GenerationRequest.MaxChoices)).Select(index => new ClusterChoice(index, default, time, NoteEnd))];
        _links = [Link(stopping), Link(request.Cancellation)];
        _byIndex = _choices.DistinctBy(static choice => choice.Index).ToDictionary(static choice => choice.Index);
    }

    public IReadOnlyList<IChoice> Choices => _choices;

    public ulong Seed { get; }

    /// <summary>Completes when the cluster has taken the request.</summary>
    /// <param name="open">Makes the request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestException">It was refused.</exception>
    /// <exception cref="QueueFullException">There is no room now.</exception>
    public async Task StartAsync(Func<CancellationToken, IAsyncEnumerable<TokenBatch>> open, CancellationToken cancellationToken)
    {
        TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = PumpAsync(open(_cancelled.Token), accepted);
        await accepted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Cancel()
    {
        foreach (ClusterChoice choice in _choices)
        {
            choice.Cancel();
        }

        _cancelled.Cancel();
    }

    private async Task PumpAsync(IAsyncEnumerable<TokenBatch> batches, TaskCompletionSource accepted)
    {
        try
        {
            await foreach (TokenBatch batch in batches.ConfigureAwait(false))
            {
                if (batch.RequestError is { } error)
                {
                    accepted.TrySetException(error.ToException(_choices.Length));
                    EndAll(FinishReason.Error, error.Message);
                    return;
                }

                if (batch.IsAccepted)
                {
                    accepted.TrySetResult();
                }

                if (_byIndex.TryGetValue(batch.Choice, out ClusterChoice? choice))
                {
                    choice.Take(batch);
                }
            }

            EndAll(FinishReason.Error, "The stream of tokens ended before the answer.");
            accepted.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            EndAll(FinishReason.Cancelled, null);
            accepted.TrySetResult();
        }
        catch (ObjectDisposedException disposed)
        {
            accepted.TrySetException(disposed);
            EndAll(FinishReason.Cancelled, null);
        }
        catch (Exception fault)
        {
            EndAll(FinishReason.Error, $"The cluster failed: {fault.Message}");
            accepted.TrySetResult();
        }
        finally
        {
            foreach (CancellationTokenRegistration link in _links)
            {
                link.Unregister();
            }
        }
    }

    private CancellationTokenRegistration Link(CancellationToken token) =>
        token.UnsafeRegister(static me => ((ClusterGeneration)me!)._cancelled.Cancel(), this);

    private void EndAll(FinishReason finish, string? error)
    {
        foreach (ClusterChoice choice in _choices)
        {
            choice.End(finish, error);
        }
    }

    private void NoteEnd()
    {
        if (Array.TrueForAll(_choices, static choice => choice.Completion.IsCompleted))
        {
            _cancelled.Cancel();
        }
    }
}
