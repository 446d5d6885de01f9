using System.Diagnostics;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>When tokens of streams that decode together came. Any thread.</summary>
internal sealed class StreamTimes(int streams)
{
    private readonly Lock _gate = new();
    private readonly List<(long Time, int Tokens)> _tokens = [];
    private readonly bool[] _begun = new bool[streams];
    private long _allBegan;
    private long _firstEnded;

    /// <summary>Notes tokens of a stream.</summary>
    public void Came(int stream, int tokens)
    {
        if (tokens == 0)
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _tokens.Add((now, tokens));
            _begun[stream] = true;
            if (_allBegan == 0 && Array.TrueForAll(_begun, static begun => begun))
            {
                _allBegan = now;
            }
        }
    }

    /// <summary>Notes that a stream has ended.</summary>
    public void Ended(int stream)
    {
        lock (_gate)
        {
            _begun[stream] = true;
            _firstEnded = _firstEnded == 0 ? _tokens[^1].Time : _firstEnded;
        }
    }

    /// <summary>Tokens of all streams per second while all were decoding.</summary>
    public double TokensPerSecond()
    {
        lock (_gate)
        {
            long tokens = _tokens.Where(t => t.Time > _allBegan && t.Time <= _firstEnded).Sum(static t => (long)t.Tokens);
            double seconds = Stopwatch.GetElapsedTime(_allBegan, _firstEnded).TotalSeconds;
            return seconds > 0 ? tokens / seconds : 0;
        }
    }
}
