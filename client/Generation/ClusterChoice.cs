using System.Threading.Channels;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>One answer of a <see cref="ClusterGeneration"/> as it arrives. Batches come from one thread, cancellation from any thread.</summary>
internal sealed class ClusterChoice : IChoice
{
    private readonly Lock _gate = new();
    private readonly Channel<TokenChunk> _chunks = Channel.CreateUnbounded<TokenChunk>();
    private readonly TaskCompletionSource<ChoiceResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<int> _ids;
    private readonly List<SampledToken> _samples = [];
    private readonly TimeProvider _time;
    private readonly Action _onCompleted;
    private readonly long _started;
    private TimeSpan? _firstToken;
    private volatile PromptProgress? _progress;
    private ReadOnlyMemory<SampledToken> _prompt;

    /// <summary>Starts an answer, and the clock of its timings.</summary>
    /// <param name="index">Index of the answer in the request, from 0.</param>
    /// <param name="resumed">The token ids that the answer resumes with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onCompleted">Called once after the answer has ended, outside the lock.</param>
    public ClusterChoice(int index, ReadOnlyMemory<int> resumed, TimeProvider time, Action onCompleted)
    {
        Index = index;
        _ids = [.. resumed.Span];
        _time = time;
        _onCompleted = onCompleted;
        _started = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public int Index { get; }

    /// <inheritdoc/>
    public Task<ChoiceResult> Completion => _completion.Task;

    /// <inheritdoc/>
    public PromptProgress? Progress => _progress;

    /// <summary>Appends a batch. Does nothing after the end of the answer.</summary>
    public void Append(TokenBatch batch)
    {
        // An answer that resumes with another scheduler is computed again, but its progress does not go back.
        if (batch.Progress?.ToProgress() is { } progress && progress.Processed >= (_progress?.Processed ?? 0))
        {
            _progress = progress;
        }

        TokenChunk chunk = batch.ToChunk();
        lock (_gate)
        {
            if (Completion.IsCompleted)
            {
                return;
            }

            _ids.AddRange(chunk.Ids.Span);
            _samples.AddRange(chunk.Samples.Span);
            _prompt = chunk.Prompt.IsEmpty ? _prompt : chunk.Prompt;
            if (chunk.Ids.Length > 0)
            {
                _firstToken ??= _time.GetElapsedTime(_started);
            }

            if (chunk.Finish == FinishReason.None)
            {
                if (chunk.Ids.Length > 0)
                {
                    _chunks.Writer.TryWrite(chunk);
                }

                return;
            }

            CompleteLocked(chunk, batch.Summary);
        }

        _onCompleted();
    }

    /// <summary>Ends the answer, unless it has ended.</summary>
    public void Complete(FinishReason finish, string? error)
    {
        lock (_gate)
        {
            if (Completion.IsCompleted)
            {
                return;
            }

            CompleteLocked(new TokenChunk(default, default, finish, false, error), null);
        }

        _onCompleted();
    }

    /// <inheritdoc/>
    public void Cancel() => Complete(FinishReason.Cancelled, null);

    /// <inheritdoc/>
    public async IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((ClusterChoice)state!).Cancel(), this);
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

    private void CompleteLocked(TokenChunk last, AnswerSummary? summary)
    {
        _chunks.Writer.TryWrite(last);
        _chunks.Writer.TryComplete();
        TimeSpan total = _time.GetElapsedTime(_started);
        _completion.SetResult(new ChoiceResult(
            Index,
            _ids.ToArray(),
            _samples.ToArray(),
            last.Finish,
            last.EndsWithStopId,
            last.Error,
            summary?.CachedPromptTokens ?? 0,
            new RequestTimings(summary?.Queued ?? _firstToken ?? total, _firstToken, total))
        {
            Prompt = _prompt,
        });
    }
}
