using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Runs all streams of a drill.</summary>
internal sealed class DrillStreams : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20), TokenTimeout = 2 * DrillStream.StallTimeout;

    private readonly DrillStream[] _streams;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _finish = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Task _running;

    /// <summary>Starts the streams.</summary>
    public DrillStreams(DrillPlan plan, int[][] expected, IGrainFactory grains, TimeProvider time)
    {
        _time = time;
        _streams = [.. Enumerable.Range(0, plan.Streams).Select(i => new DrillStream(i, plan, expected, grains, time))];
        _running = Task.WhenAll(_streams.Select(stream => Task.Run(() => stream.RunAsync(_finish.Token, _abort.Token))));
    }

    /// <summary>Number of answers that have ended.</summary>
    public int Answers => _streams.Sum(static s => s.Answers);

    /// <summary>Number of tokens received.</summary>
    public long Tokens => _streams.Sum(static s => s.Gaps.Tokens);

    /// <summary>Number of answers that ended with an error.</summary>
    public int Failed => _streams.Sum(static s => s.Failed);

    /// <summary>Number of answers whose tokens differ from the undisturbed run.</summary>
    public int Unequal => _streams.Sum(static s => s.Unequal);

    /// <summary>The longest time between two tokens of any stream.</summary>
    public TimeSpan LongestGap => _streams.Max(static s => s.Gaps.LongestGap);

    /// <summary>A description of the first problem of each stream that had one.</summary>
    public IEnumerable<string> Problems => _streams.Select(static s => s.Problem).OfType<string>();

    /// <summary>Marks the start of an action for all streams.</summary>
    public void MarkAction() => Array.ForEach(_streams, static s => s.Gaps.MarkAction());

    /// <summary>The longest time that each stream waited for a token since <see cref="MarkAction"/>.</summary>
    public TimeSpan[] TakeLongestWaits() => [.. _streams.Select(static s => s.Gaps.TakeLongestWait())];

    /// <summary>Waits until each stream has received another token.</summary>
    /// <exception cref="ModelException">A stream received none within twice the time after which its answer fails.</exception>
    public async Task WaitForTokensAsync(CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        long[] before = [.. _streams.Select(static s => s.Gaps.Tokens)];
        while (_streams.Where((stream, i) => stream.Gaps.Tokens == before[i]).Any())
        {
            if (_time.GetElapsedTime(started) > TokenTimeout)
            {
                throw new ModelException($"A stream received no token for {TokenTimeout.TotalSeconds:0} seconds. {string.Join("; ", Problems.Take(3))}");
            }

            await Task.Delay(PollInterval, _time, cancellationToken);
        }
    }

    /// <summary>Ends the streams after their current answers.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _finish.CancelAsync();
        await _running.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _finish.CancelAsync();
        await _abort.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _finish.Dispose();
        _abort.Dispose();
    }
}
