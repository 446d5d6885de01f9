using System.Threading.Channels;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>One answer of the cluster as it arrives. Batches come from one thread, cancellation from any.</summary>
internal sealed class ClusterChoice : IChoice
{
    private readonly Lock _gate = new();
    private readonly Channel<TokenChunk> _chunks = Channel.CreateUnbounded<TokenChunk>();
    private readonly TaskCompletionSource<ChoiceResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<int> _ids;
    private readonly List<SampledToken> _samples = [];
    private readonly TimeProvider _time;
    private readonly Action _ended;
    private readonly long _began;
    private TimeSpan? _first;

    /// <summary>An answer that begins now.</summary>
    /// <param name="index">Which of the request's answers.</param>
    /// <param name="resumed">Ids it has already.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ended">Called when it has ended.</param>
    public ClusterChoice(int index, ReadOnlyMemory<int> resumed, TimeProvider time, Action ended)
    {
        Index = index;
        _ids = [.. resumed.Span];
        _time = time;
        _ended = ended;
        _began = time.GetTimestamp();
    }

    public int Index { get; }

    public Task<ChoiceResult> Completion => _completion.Task;

    /// <summary>Takes what arrived. Nothing after the end.</summary>
    public void Take(TokenBatch batch)
    {
        TokenChunk chunk = batch.ToChunk();
        lock (_gate)
        {
            if (Completion.IsCompleted)
            {
                return;
            }

            _ids.AddRange(chunk.Ids.Span);
            _samples.AddRange(chunk.Samples.Span);
            if (chunk.Ids.Length > 0)
            {
                _first ??= _time.GetElapsedTime(_began);
            }

            if (chunk.Finish == FinishReason.None)
            {
                if (chunk.Ids.Length > 0)
                {
                    _chunks.Writer.TryWrite(chunk);
                }

                return;
            }

            Finish(chunk, batch.Summary);
        }

        _ended();
    }

    /// <summary>Ends it, unless it has ended.</summary>
    public void End(FinishReason finish, string? error)
    {
        lock (_gate)
        {
            if (Completion.IsCompleted)
            {
                return;
            }

            Finish(new TokenChunk(default, default, finish, false, error), null);
        }

        _ended();
    }

    public void Cancel() => End(FinishReason.Cancelled, null);

    public async IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static me => ((ClusterChoice)me!).Cancel(), this);
        try
        {
            await foreach (TokenChunk chunk in _chunks.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return chunk;
            }
        }
        finally
        {
            Cancel();
        }
    }

    private void Finish(TokenChunk last, AnswerSummary? summary)
    {
        _chunks.Writer.TryWrite(last);
        _chunks.Writer.TryComplete();
        TimeSpan total = _time.GetElapsedTime(_began);
        _completion.SetResult(new ChoiceResult(
            Index,
            _ids.ToArray(),
            _samples.ToArray(),
            last.Finish,
            last.EndsWithStopId,
            last.Error,
            summary?.CachedPromptTokens ?? 0,
            new RequestTimings(summary?.Queued ?? _first ?? total, _first, total)));
    }
}
