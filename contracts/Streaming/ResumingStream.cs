using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using Polly;
using Polly.Timeout;

namespace HunyuanOrleans.Contracts.Streaming;

/// <summary>
/// A stream of tokens that outlives its source. If the source breaks, the stream opens it again with the tokens so far, and the reader does not notice.
/// The stream ends with an error if no source responds within the request's deadline. Sources must send <see cref="Heartbeats"/>.
/// </summary>
/// <param name="open">Opens the source of a request, which continues after the tokens that the request carries.</param>
/// <param name="time">The clock.</param>
public sealed class ResumingStream(Func<RequestSpec, CancellationToken, IAsyncEnumerable<TokenBatch>> open, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>Runs a request.</summary>
    /// <param name="request">The request. Its deadline limits each search for a source.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async IAsyncEnumerable<TokenBatch> RunAsync(RequestSpec request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Heartbeats.CountReader(1);
        try
        {
            await foreach (TokenBatch batch in ReadAsync(request, cancellationToken))
            {
                yield return batch;
            }
        }
        finally
        {
            Heartbeats.CountReader(-1);
        }
    }

    private async IAsyncEnumerable<TokenBatch> ReadAsync(RequestSpec request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        request = WithSeed(request);
        AnswerProgress progress = new(request);
        // Errors of a request come as a batch, so every exception is worth another attempt.
        ResiliencePipeline opening = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(request.Deadline)
            .AddRetry(ExponentialRetry.Create(int.MaxValue, static (_, cancelled) => !cancelled.IsCancellationRequested))
            .Build();
        int attempts = 0;
        bool accepted = false;
        do
        {
            await Task.Delay(Pause(attempts++), time, cancellationToken);
            // A request without answers is sent too: the source reports what is wrong with it.
            Source? source = await TryOpenAsync(opening, progress.Continue(request), attempts - 1, accepted, cancellationToken);
            if (source is null)
            {
                foreach (int choice in progress.Open)
                {
                    yield return TimedOut(choice, progress.LengthOf(choice), request.Deadline);
                }

                yield break;
            }

            await using (source)
            {
                do
                {
                    TokenBatch batch = source.Current;
                    if (!progress.Continues(batch))
                    {
                        // A batch before this one was lost, or this one arrived twice.
                        break;
                    }

                    attempts = batch.Ids.Length > 0 ? 0 : attempts;
                    accepted |= batch.IsAccepted;
                    progress.Add(batch);
                    yield return batch;
                }
                while (!progress.IsComplete && await source.TryMoveAsync(Heartbeats.Timeout(source.Current, attempts - 1), time, cancellationToken));
            }
        }
        while (!progress.IsComplete);
    }

    // Sources that break again and again before a token comes mean an overloaded system, so the pauses grow.
    private static TimeSpan Pause(int attempts) => attempts == 0
        ? TimeSpan.Zero
        : FirstPause * Math.Min(LongestPause / FirstPause, 1 << Math.Min(attempts - 1, 10)) * (0.5 + Random.Shared.NextDouble());

    // The same tokens must be sampled wherever the answer continues.
    private static RequestSpec WithSeed(RequestSpec request) => request.Sampling.Seed is not null
        ? request
        : request with { Sampling = request.Sampling with { Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) } };

    private static TokenBatch TimedOut(int choice, int length, TimeSpan deadline) => new()
    {
        Choice = choice,
        Start = length,
        Finish = FinishCode.Error,
        Error = $"The model's scheduler did not respond for {deadline.TotalSeconds:0} seconds. Try the request again later.",
    };

    private async Task<Source?> TryOpenAsync(
        ResiliencePipeline opening, RequestSpec request, int lost, bool accepted, CancellationToken cancellationToken)
    {
        try
        {
            return await opening.ExecuteAsync(
                async token =>
                {
                    Source source = new(open(request, cancellationToken).GetAsyncEnumerator(cancellationToken));
                    try
                    {
                        if (!await source.MoveAsync().WaitAsync(Heartbeats.Timeout(null, lost++), time, token))
                        {
                            throw new EndOfStreamException("The stream of tokens ended before the answer.");
                        }

                        // A request that was accepted once waits for room in the queue: its caller was not told to come back later.
                        return accepted && source.Current.RequestError is { QueueFull: true } full ? throw new GrainCallException(full.Message) : source;
                    }
                    catch
                    {
                        await source.DisposeAsync();
                        throw;
                    }
                },
                cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return null;
        }
    }

    private sealed class Source(IAsyncEnumerator<TokenBatch> batches) : IAsyncDisposable
    {
        private Task _last = Task.CompletedTask;

        public TokenBatch Current => batches.Current;

        public Task<bool> MoveAsync()
        {
            Task<bool> move = batches.MoveNextAsync().AsTask();
            _last = move;
            return move;
        }

        /// <summary>Moves to the next batch. False if the source broke, is lost, or has ended.</summary>
        public async Task<bool> TryMoveAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
        {
            try
            {
                return await MoveAsync().WaitAsync(timeout, time, cancellationToken);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Errors of a request come as a batch, so this is a failure of the source.
                return false;
            }
        }

        // Nobody awaits the end of the source: for a lost one it takes as long as the response timeout.
        public ValueTask DisposeAsync()
        {
            _ = EndAsync();
            return ValueTask.CompletedTask;
        }

        private async Task EndAsync()
        {
            // An enumerator must not be disposed during MoveNextAsync.
            await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            try
            {
                await batches.DisposeAsync();
            }
            catch (Exception)
            {
                // The source has gone already.
            }
        }
    }
}
