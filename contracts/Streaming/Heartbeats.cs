using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Messages;

namespace HunyuanOrleans.Contracts.Streaming;

/// <summary>
/// Empty batches between the batches with tokens, so that a reader can tell a source that waits from one that is lost. Without them, a call to a silo
/// or through a gateway that was killed may hang for as long as its response timeout.
/// </summary>
public static class Heartbeats
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(15);

    /// <summary>The interval grows by this for each stream of the process, so that heartbeats never become the main work.</summary>
    private static readonly TimeSpan IntervalPerStream = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Number of intervals without a batch after which a source counts as lost. Several, because a busy machine may be late, and giving up too early
    /// has the answer computed again from its tokens.
    /// </summary>
    private const int MissedIntervals = 4;

    private static int _streams;
    private static int _readers;

    /// <summary>Creates a heartbeat, which states when the next batch comes at the latest.</summary>
    public static TokenBatch Create() => new() { NextWithinMilliseconds = (int)Interval().TotalMilliseconds };

    /// <summary>Counts the readers of this process.</summary>
    /// <param name="change">1 for a reader that starts, -1 for one that ends.</param>
    internal static void CountReader(int change) => Interlocked.Add(ref _readers, change);

    /// <summary>How long to wait for the next batch of a source.</summary>
    /// <param name="last">The last batch of the source; null before the first.</param>
    /// <param name="lost">
    /// Number of sources in a row that were given up without a token. The timeout doubles with each: if all sources are slow, giving up sooner would
    /// only add work.
    /// </param>
    internal static TimeSpan Timeout(TokenBatch? last, int lost)
    {
        // The readers of a process share its threads: with thousands of them, each may wait long for its turn.
        TimeSpan announced = TimeSpan.FromMilliseconds(last?.NextWithinMilliseconds ?? 0);
        TimeSpan shared = IntervalPerStream * Volatile.Read(ref _readers);
        TimeSpan interval = announced > MinInterval ? announced : MinInterval;
        interval = shared > interval ? shared : interval;
        return interval * MissedIntervals * (1 << Math.Clamp(lost, 0, 3));
    }

    /// <summary>Adds heartbeats to a source while it has no batch.</summary>
    /// <param name="source">The source.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels the source.</param>
    public static async IAsyncEnumerable<TokenBatch> AddTo(
        IAsyncEnumerable<TokenBatch> source, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<TokenBatch> batches = source.GetAsyncEnumerator(left.Token);
        Task<bool> move = Task.FromResult(true);
        Interlocked.Increment(ref _streams);
        try
        {
            while (true)
            {
                ValueTask<bool> next = batches.MoveNextAsync();
                if (!next.IsCompletedSuccessfully)
                {
                    move = next.AsTask();
                    while (!await EndsWithinIntervalAsync(move, time))
                    {
                        yield return Create();
                    }

                    next = new ValueTask<bool>(move);
                }

                if (!await next)
                {
                    yield break;
                }

                yield return batches.Current;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _streams);

            // The reader may have stopped while MoveNextAsync is pending. Wait for it: an enumerator must not be disposed during MoveNextAsync.
            await left.CancelAsync();
            await ((Task)move).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await batches.DisposeAsync();
        }
    }

    private static TimeSpan Interval()
    {
        TimeSpan interval = IntervalPerStream * Volatile.Read(ref _streams);
        return interval < MinInterval ? MinInterval : interval > MaxInterval ? MaxInterval : interval;
    }

    private static async Task<bool> EndsWithinIntervalAsync(Task move, TimeProvider time)
    {
        try
        {
            await move.WaitAsync(Interval(), time);
        }
        catch (TimeoutException) when (!move.IsCompleted)
        {
            return false;
        }
        catch (Exception)
        {
            // The caller awaits the task again and gets the exception there.
        }

        return true;
    }
}
