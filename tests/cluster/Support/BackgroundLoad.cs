using System.Diagnostics;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>
/// Streams that run side by side. When an answer ends, its stream begins the next request, until the load is stopped. Every answer is compared with
/// the expected one.
/// </summary>
internal sealed class BackgroundLoad
{
    private readonly ModelClient _model;
    private readonly GenerationRequest[] _requests;
    private readonly int[][][] _expected;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _streams;
    private readonly long[] _lastToken;
    private long _longestSilence;
    private int _answers;

    /// <summary>Starts the streams.</summary>
    /// <param name="model">The model that is asked.</param>
    /// <param name="requests">The requests, taken in turn. Each stream begins with another one.</param>
    /// <param name="expected">The tokens of each answer to each request.</param>
    /// <param name="streams">The number of streams.</param>
    public BackgroundLoad(ModelClient model, GenerationRequest[] requests, int[][][] expected, int streams)
    {
        (_model, _requests, _expected) = (model, requests, expected);
        _lastToken = new long[streams];
        Array.Fill(_lastToken, Stopwatch.GetTimestamp());
        _streams = [.. Enumerable.Range(0, streams).Select(RunAsync)];
    }

    /// <summary>How many answers are complete.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <summary>The longest time that a stream went without a token, or still does.</summary>
    public TimeSpan LongestSilence =>
        TimeSpan.FromTicks(Math.Max(Volatile.Read(ref _longestSilence), _lastToken.Max(static last => Stopwatch.GetElapsedTime(last).Ticks)));

    public void ForgetSilences() => Volatile.Write(ref _longestSilence, 0);

    /// <summary>Waits until every stream has got a token since the call began.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> UntilAllContinueAsync()
    {
        long began = Stopwatch.GetTimestamp();
        await Wait.UntilAsync(() => SilentSinceAsync(began), static silent => silent == 0, "no stream is silent any more");
        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Lets running answers end and begins no others.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_streams);
    }

    private async Task<int> SilentSinceAsync(long began)
    {
        if (_streams.FirstOrDefault(static stream => stream.IsFaulted) is { } failed)
        {
            await failed;
        }

        return Enumerable.Range(0, _lastToken.Length).Count(stream => Volatile.Read(ref _lastToken[stream]) < began);
    }

    private async Task RunAsync(int stream)
    {
        await Task.Yield();
        for (int next = stream; !_stop.IsCancellationRequested; next++)
        {
            int index = next % _requests.Length;
            List<int> ids = [];
            await foreach (TokenBatch batch in _model.StreamAsync(_requests[index]))
            {
                Assert.True(batch.Error is null, batch.Error);
                ids.AddRange(batch.Ids);
                if (batch.Ids.Length > 0)
                {
                    NoteToken(stream);
                }
            }

            Assert.Equal(_expected[index][0], ids);
            Interlocked.Increment(ref _answers);
        }
    }

    private void NoteToken(int stream)
    {
        long now = Stopwatch.GetTimestamp();
        long silence = Stopwatch.GetElapsedTime(_lastToken[stream], now).Ticks;
        Volatile.Write(ref _lastToken[stream], now);
        for (long longest = Volatile.Read(ref _longestSilence); silence > longest; longest = Volatile.Read(ref _longestSilence))
        {
            if (Interlocked.CompareExchange(ref _longestSilence, silence, longest) == longest)
            {
                break;
            }
        }
    }
}
