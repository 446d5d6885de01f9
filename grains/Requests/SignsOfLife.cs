using System.Runtime.CompilerServices;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>
/// Empty batches between those with tokens, so that a reader can tell a source that waits from one that is lost: a call to a silo or through a
/// gateway that was killed may otherwise hang for as long as calls may take.
/// </summary>
internal static class SignsOfLife
{
    /// <summary>A source that has nothing to say says so this often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A source that was silent for so long is lost. Several intervals, for machines that have much to do: who gives up too early has the answer
    /// computed again from its tokens.
    /// </summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(4);

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
                        yield return new TokenBatch(0, 0, [], [], FinishCode.None, false, null, null, null);
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
            // Whoever left while the source was silent: it must not be disposed while it moves.
            await left.CancelAsync();
            await ((Task)move).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await batches.DisposeAsync();
        }
    }

    private static async Task<bool> EndsAsync(Task move, TimeProvider time)
    {
        try
        {
            await move.WaitAsync(Interval, time);
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
