using System.Runtime.CompilerServices;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>
/// Empty batches between those with tokens, so that a reader can tell a source that waits from one that is lost: a call to a silo or through a
/// gateway that was killed may otherwise hang for as long as calls may take.
/// </summary>
internal static class Heartbeats
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>So much of an interval is due to each stream of this process: signs must not become the work.</summary>
    private static readonly TimeSpan ForEach = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Silences of so many intervals mean that a source is lost. Several, for machines that have much to do: who gives up too early has the answer
    /// computed again from its tokens.
    /// </summary>
    private const int IntervalsToLost = 4;

    private static int _streams;
    private static int _readers;

    /// <summary>A sign: an empty batch, which says in place of a position within how many milliseconds the next one comes.</summary>
    public static TokenBatch Sign() => new(0, (int)Interval().TotalMilliseconds, [], [], FinishCode.None, false, null, null, null);

    /// <summary>Counts the readers of this process.</summary>
    /// <param name="change">1 for one that begins, -1 for one that ends.</param>
    public static void CountReader(int change) => Interlocked.Add(ref _readers, change);

    /// <summary>How long to wait for a source's next batch.</summary>
    /// <param name="last">Its last batch; null before the first.</param>
    /// <param name="lost">
    /// How many sources in a row were given up without a token: the patience doubles with each. Where all are slow, giving up again and again would
    /// only make more work.
    /// </param>
    public static TimeSpan Patience(TokenBatch? last, int lost)
    {
        // Readers of one process wait in one line: where there are thousands, each may take long to be served.
        TimeSpan announced = TimeSpan.FromMilliseconds(last is { IsEmpty: true } ? last.Start : 0);
        TimeSpan shared = ForEach * Volatile.Read(ref _readers);
        TimeSpan interval = announced > Shortest ? announced : Shortest;
        interval = shared > interval ? shared : interval;
        return interval * IntervalsToLost * (1 << Math.Clamp(lost, 0, 3));
    }

    /// <summary>Fills the silences of a source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives it up.</param>
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
                    while (!await EndsAsync(move, time))
                    {
                        yield return Sign();
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

            // Whoever left while the source was silent: it must not be disposed while it moves.
            await left.CancelAsync();
            await ((Task)move).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await batches.DisposeAsync();
        }
    }

    private static TimeSpan Interval()
    {
        TimeSpan due = ForEach * Volatile.Read(ref _streams);
        return due < Shortest ? Shortest : due > Longest ? Longest : due;
    }

    private static async Task<bool> EndsAsync(Task move, TimeProvider time)
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
            // Thrown where its result is asked for.
        }

        return true;
    }
}
