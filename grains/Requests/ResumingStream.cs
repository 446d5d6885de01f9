using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using Polly;
using Polly.Timeout;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>
/// A stream of tokens that outlives its source: where the source breaks, it is opened again with the tokens so far, and the reader sees no seam. It
/// ends with an error where nothing comes for too long. Sources give <see cref="Heartbeats"/>. It does not know what the source is.
/// </summary>
/// <param name="open">Opens the source for a request, from where its progress ends.</param>
/// <param name="time">The clock.</param>
public sealed class ResumingStream(Func<RequestSpec, CancellationToken, IAsyncEnumerable<TokenBatch>> open, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>Runs a request.</summary>
    /// <param name="request">The request; its deadline is the patience until a source is found, each time.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
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
        ResiliencePipeline opening = RetryPolicies.ForStreams(request.Deadline, time);
        int fruitless = 0;
        bool accepted = false;
        do
        {
            await Task.Delay(Pause(fruitless++), time, cancellationToken);
            // Also with nothing to answer: what is wrong with such a request, its source says.
            Source? source = await TryOpenAsync(opening, progress.Continue(request), fruitless - 1, accepted, cancellationToken);
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
                        // A batch before this one was lost, or this one came twice.
                        break;
                    }

                    fruitless = batch.Ids.Length > 0 ? 0 : fruitless;
                    accepted |= batch.IsAccepted;
                    progress.Add(batch);
                    yield return batch;
                }
                while (!progress.IsComplete && await source.TryMoveAsync(Heartbeats.Patience(source.Current, fruitless - 1), time, cancellationToken));
            }
        }
        while (!progress.IsComplete);
    }

    // Where sources break again and again before a token comes, the system has too much to do already.
    private static TimeSpan Pause(int fruitless) => fruitless == 0
        ? TimeSpan.Zero
        : FirstPause * Math.Min(LongestPause / FirstPause, 1 << Math.Min(fruitless - 1, 10)) * (0.5 + Random.Shared.NextDouble());

    // The draw must be the same wherever the answer goes on.
    private static RequestSpec WithSeed(RequestSpec request) => request.Sampling.Seed is not null
        ? request
        : request with { Sampling = request.Sampling with { Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) } };

    private static TokenBatch TimedOut(int choice, int length, TimeSpan patience) => new(
        choice, length, [], [], FinishCode.Error, false, $"No token came for {patience.TotalSeconds:0} seconds; the model cannot be reached. Try the request again later.", null, null);

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
                        if (!await source.MoveAsync().WaitAsync(Heartbeats.Patience(null, lost++), time, token))
                        {
                            throw new EndOfStreamException("The stream of tokens ended before the answer.");
                        }

                        // A request that was taken once waits for room; its caller was not told to come back later.
                        return accepted && source.Current.Refusal is { QueueFull: true } full ? throw new GrainCallException(full.Message) : source;
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

        /// <summary>False where the source broke, is lost, or has ended.</summary>
        public async Task<bool> TryMoveAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
        {
            try
            {
                return await MoveAsync().WaitAsync(patience, time, cancellationToken);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // What is wrong with a request comes as a batch: this is the source's own trouble.
                return false;
            }
        }

        // Nobody waits for it: telling a source that is lost takes as long as calls may take.
        public ValueTask DisposeAsync()
        {
            _ = EndAsync();
            return ValueTask.CompletedTask;
        }

        private async Task EndAsync()
        {
            // An enumerator must not be disposed while it moves.
            await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            try
            {
                await batches.DisposeAsync();
            }
            catch (Exception)
            {
                // What it came from is gone already.
            }
        }
    }
}
