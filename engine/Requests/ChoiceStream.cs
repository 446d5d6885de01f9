using System.Threading.Tasks.Sources;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Requests;

/// <summary>
/// One answer in progress. A reader gets all tokens since its last read in one chunk, so a slow reader gets larger chunks and delays
/// nobody. Delivery allocates nothing. One reader at a time. It streams token ids; see <see cref="TextStreamExtensions"/> for text.
/// </summary>
public sealed class ChoiceStream : IChoice, IValueTaskSource
{
    private readonly Lock _gate = new();
    private readonly TokenLog<int> _tokens;
    private readonly TokenLog<SampledToken>? _samples;
    private readonly TokenLog<SampledToken>? _prompt;
    private readonly int _first;
    private readonly Action _cancel;
    private readonly TaskCompletionSource<ChoiceResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };
    private volatile ChoiceResult? _result;
    private volatile PromptProgress? _progress;
    private volatile int _published;
    private bool _waiting;
    private int _read;
    private bool _readEnd;

    /// <summary>Creates the stream of one sequence's tokens.</summary>
    /// <param name="index">Which of the request's answers, from 0.</param>
    /// <param name="tokens">The sequence's tokens.</param>
    /// <param name="first">Index of the first token to stream; the tokens before it were in the sequence when it was submitted.</param>
    /// <param name="samples">The tokens from the first one on with log probabilities, or null.</param>
    /// <param name="cancel">Requests cancellation of the sequence.</param>
    /// <param name="prompt">The prompt's tokens after its first with log probabilities, or null. Complete before the first token is published.</param>
    internal ChoiceStream(int index, TokenLog<int> tokens, int first, TokenLog<SampledToken>? samples, Action cancel, TokenLog<SampledToken>? prompt = null)
    {
        Index = index;
        _tokens = tokens;
        _samples = samples;
        _prompt = prompt;
        _first = first;
        _cancel = cancel;
    }

    /// <summary>Which of the request's answers, from 0.</summary>
    public int Index { get; }

    /// <summary>Completes with the whole answer when it has ended for any reason; never faults.</summary>
    public Task<ChoiceResult> Completion => _completion.Task;

    /// <inheritdoc/>
    public PromptProgress? Progress
    {
        get => _progress;
        internal set => _progress = value;
    }

    /// <summary>Reads the tokens since the last call.</summary>
    /// <returns>False if there is nothing new, and after the last chunk.</returns>
    public bool TryRead(out TokenChunk chunk)
    {
        // Read the result first: once it is set, the count is final. Until then only published tokens are returned, so that the last
        // token of an answer is always in the same chunk as the finish reason.
        ChoiceResult? result = _result;
        int count = result is null ? _published : _tokens.Count - _first;
        if (_readEnd || (count == _read && result is null))
        {
            chunk = default;
            return false;
        }

        chunk = new TokenChunk(
            _tokens.Slice(_first + _read, _first + count),
            _samples?.Slice(_read, count) ?? default,
            result?.Finish ?? FinishReason.None,
            result?.EndsWithStopId ?? false,
            result?.Error)
        {
            Prompt = _read == 0 && _prompt is not null ? _prompt.Slice(0, _prompt.Count) : default,
        };
        _read = count;
        _readEnd = result is not null;
        return true;
    }

    /// <summary>Completes when <see cref="TryRead"/> has something to return; at once after the last chunk.</summary>
    /// <exception cref="InvalidOperationException">Another reader is already waiting.</exception>
    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_waiting)
            {
                throw new InvalidOperationException("An answer has one reader at a time.");
            }

            if (_result is not null || _published > _read)
            {
                return ValueTask.CompletedTask;
            }

            _waiting = true;
            _signal.Reset();
            return new ValueTask(this, _signal.Version);
        }
    }

    /// <summary>
    /// Cancels the answer: it ends with <see cref="FinishReason.Cancelled"/>, and its KV blocks are released before the next step.
    /// </summary>
    public void Cancel()
    {
        if (_result is null)
        {
            _cancel();
        }
    }

    /// <summary>Reads the chunks up to the one with a finish reason. Leaving the loop early cancels the answer.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the answer is cancelled too.</exception>
    public async IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static state => ((ChoiceStream)state!).Cancel(), this);
        try
        {
            while (!_readEnd)
            {
                await WaitAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (TryRead(out TokenChunk chunk))
                {
                    yield return chunk;
                }
            }
        }
        finally
        {
            Cancel();
        }
    }

    /// <summary>Publishes the tokens appended so far and wakes the reader. Not called for the last token of an answer.</summary>
    internal void Publish()
    {
        _published = _tokens.Count - _first;
        Wake();
    }

    /// <summary>Ends the stream; the tokens must be final. Later calls have no effect.</summary>
    internal void Complete(ChoiceResult result)
    {
        if (_result is null)
        {
            _result = result;
            Wake();
            _completion.SetResult(result);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
        }

        _signal.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _signal.OnCompleted(continuation, state, token, flags);
}
