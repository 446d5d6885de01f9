using System.Diagnostics;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>Requests that run side by side, each begun again with the next prompt when it ends, until told to stop; what each gave and how long it was silent.</summary>
internal sealed class Streams
{
    private readonly HunyuanCluster _cluster;
    private readonly GenerationRequest[] _requests;
    private readonly int[][][] _expected;
    private readonly CancellationTokenSource _enough = new();
    private readonly Task[] _runs;
    private readonly long[] _lastToken;
    private long _maxGap;
    private int _answers;
    private int _batches;

    public Streams(HunyuanCluster cluster, GenerationRequest[] requests, int[][][] expected, int count)
    {
        (_cluster, _requests, _expected) = (cluster, requests, expected);
        _lastToken = new long[count];
        Array.Fill(_lastToken, Stopwatch.GetTimestamp());
        _runs = [.. Enumerable.Range(0, count).Select(RunAsync)];
    }

    public int Answers => Volatile.Read(ref _answers);

    /// <summary>The longest silence of any stream so far, running ones too.</summary>
    public TimeSpan MaxGap => TimeSpan.FromTicks(Math.Max(Volatile.Read(ref _maxGap), _lastToken.Max(last => Stopwatch.GetElapsedTime(last).Ticks)));

    public void ForgetGaps()
    {
        Volatile.Write(ref _maxGap, 0);
    }

    /// <summary>Waits until every stream has gone on since now.</summary>
    public async Task<TimeSpan> AllGoOnAsync()
    {
        long now = Stopwatch.GetTimestamp();
        while (_lastToken.Any(last => Volatile.Read(ref last) < now))
        {
            if (_runs.FirstOrDefault(static run => run.IsFaulted) is { } failed)
            {
                await failed;
            }

            if (Stopwatch.GetElapsedTime(now) > TimeSpan.FromSeconds(90))
            {
                throw new TimeoutException($"{_lastToken.Count(last => last < now)} of {_runs.Length} streams did not go on.");
            }

            await Task.Delay(5);
        }

        return Stopwatch.GetElapsedTime(now);
    }

    /// <summary>Lets the answers that run end.</summary>
    public async Task EndAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_runs);
    }

    private async Task RunAsync(int stream)
    {
        await Task.Yield();
        for (int next = stream; !_enough.IsCancellationRequested; next++)
        {
            int index = next % _requests.Length;
            List<int> ids = [];
            await foreach (TokenBatch batch in _cluster.StreamAsync(_requests[index]))
            {
                Assert.True(batch.Error is null, batch.Error);
                ids.AddRange(batch.Ids);
                if (batch.Ids.Length > 0)
                {
                    Note(stream);
                }
            }

            Assert.Equal(_expected[index][0], ids);
            Interlocked.Increment(ref _answers);
        }
    }

    private void Note(int stream)
    {
        long now = Stopwatch.GetTimestamp();
        long gap = Stopwatch.GetElapsedTime(_lastToken[stream], now).Ticks;
        Volatile.Write(ref _lastToken[stream], now);
        Interlocked.Increment(ref _batches);
        for (long max = Volatile.Read(ref _maxGap); gap > max; max = Volatile.Read(ref _maxGap))
        {
            if (Interlocked.CompareExchange(ref _maxGap, gap, max) == max)
            {
                break;
            }
        }
    }
}
