using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>All streams of a drill.</summary>
internal sealed class DrillStreams : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20), LongestSilence = 2 * DrillStream.Patience;

    private readonly DrillStream[] _streams;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _finish = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Task _running;

    /// <summary>Starts them.</summary>
    public DrillStreams(DrillPlan plan, int[][] expected, IGrainFactory grains, TimeProvider time)
    {
        _time = time;
        _streams = [.. Enumerable.Range(0, plan.Streams).Select(i => new DrillStream(i, plan, expected, grains, time))];
        _running = Task.WhenAll(_streams.Select(stream => Task.Run(() => stream.RunAsync(_finish.Token, _abort.Token))));
    }

    /// <summary>Answers that have ended.</summary>
    public int Answers => _streams.Sum(static s => s.Answers);

    /// <summary>Tokens that came.</summary>
    public long Tokens => _streams.Sum(static s => s.Meter.Tokens);

    /// <summary>Answers that ended with an error.</summary>
    public int Failed => _streams.Sum(static s => s.Failed);

    /// <summary>Answers with wrong tokens.</summary>
    public int Unequal => _streams.Sum(static s => s.Unequal);

    /// <summary>The longest silence of any stream.</summary>
    public TimeSpan LongestGap => _streams.Max(static s => s.Meter.LongestGap);

    /// <summary>What went wrong, a line for each stream with problems.</summary>
    public IEnumerable<string> Problems => _streams.Select(static s => s.Problem).OfType<string>();

    /// <summary>Says to all meters that something is done now.</summary>
    public void Mark() => Array.ForEach(_streams, static s => s.Meter.Mark());

    /// <summary>How long each stream waited for a next token since then.</summary>
    public TimeSpan[] TakeWaits() => [.. _streams.Select(static s => s.Meter.TakeWait())];

    /// <summary>Completes when each stream has got a token from now on.</summary>
    /// <exception cref="ModelException">One did not, for so long that its failure must have come.</exception>
    public async Task FlowAsync(CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        long[] before = [.. _streams.Select(static s => s.Meter.Tokens)];
        while (_streams.Where((stream, i) => stream.Meter.Tokens == before[i]).Any())
        {
            if (_time.GetElapsedTime(began) > LongestSilence)
            {
                throw new ModelException($"A stream got no token for {LongestSilence.TotalSeconds:0} seconds. {string.Join("; ", Problems.Take(3))}");
            }

            await Task.Delay(Look, _time, cancellationToken);
        }
    }

    /// <summary>Lets the answers under way end.</summary>
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
