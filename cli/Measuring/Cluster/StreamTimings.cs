using System.Diagnostics;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>Records when the tokens of streams that decode together arrive. Thread-safe.</summary>
/// <param name="streams">Number of streams.</param>
internal sealed class StreamTimings(int streams)
{
    private readonly Lock _gate = new();
    private readonly List<(long Time, int Tokens)> _tokens = [];
    private readonly bool[] _started = new bool[streams];
    private long _allStartedAt;
    private long _firstEndedAt;

    /// <summary>Records tokens that have just arrived on a stream.</summary>
    public void RecordTokens(int stream, int tokens)
    {
        if (tokens == 0)
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _tokens.Add((now, tokens));
            _started[stream] = true;
            if (_allStartedAt == 0 && Array.TrueForAll(_started, static started => started))
            {
                _allStartedAt = now;
            }
        }
    }

    /// <summary>Records that a stream has ended.</summary>
    public void RecordEnd(int stream)
    {
        lock (_gate)
        {
            _started[stream] = true;
            _firstEndedAt = _firstEndedAt == 0 ? _tokens[^1].Time : _firstEndedAt;
        }
    }

    /// <summary>
    /// Tokens of all streams per second while all of them were decoding: from the moment the last stream started until the first one ended.
    /// </summary>
    public double TokensPerSecond()
    {
        lock (_gate)
        {
            long tokens = _tokens.Where(t => t.Time > _allStartedAt && t.Time <= _firstEndedAt).Sum(static t => (long)t.Tokens);
            double seconds = Stopwatch.GetElapsedTime(_allStartedAt, _firstEndedAt).TotalSeconds;
            return seconds > 0 ? tokens / seconds : 0;
        }
    }
}
