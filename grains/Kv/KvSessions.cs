using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Kv;

/// <summary>
/// The block tables of a model's sessions on one silo, with the number of filled positions of each. The scheduler assigns block numbers; this
/// class does not know the memory behind them, nor which blocks sessions share. Thread-safe.
/// </summary>
public sealed class KvSessions(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, KvSession> _sessions = [];

    /// <summary>Number of sessions.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>Appends the blocks of a step to a session's block table.</summary>
    /// <returns>The whole table. It does not change until the session's next step.</returns>
    /// <exception cref="UnknownSessionException">The slice extends entries or positions that this silo does not have.</exception>
    public ReadOnlyMemory<int> Extend(SliceMessage slice)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(slice.Session, out KvSession? session))
            {
                _sessions[slice.Session] = session = new KvSession();
                session.Length = slice.FirstBlock == 0 ? slice.Start : 0;
            }

            if (slice.FirstBlock > session.BlockCount || (slice.FirstBlock > 0 && slice.Start > session.Length))
            {
                throw new UnknownSessionException(
                    $"Session {slice.Session} has {session.BlockCount} blocks and {session.Length} positions here; the step begins at block {slice.FirstBlock}, position {slice.Start}.");
            }

            session.Write(slice.FirstBlock, slice.Blocks);
            session.Length = slice.Start + slice.Count;
            session.LastUsed = time.GetTimestamp();
            return session.Table;
        }
    }

    /// <summary>Removes sessions.</summary>
    public void Release(ReadOnlySpan<long> sessions)
    {
        lock (_gate)
        {
            foreach (long session in sessions)
            {
                _sessions.Remove(session);
            }
        }
    }

    /// <summary>Removes sessions without a step for some time: their scheduler has ended or no longer knows them.</summary>
    public void ReleaseIdle(TimeSpan idle)
    {
        lock (_gate)
        {
            foreach ((long session, KvSession entry) in _sessions)
            {
                if (time.GetElapsedTime(entry.LastUsed) >= idle)
                {
                    _sessions.Remove(session);
                }
            }
        }
    }

    private sealed class KvSession
    {
        private int[] _blocks = [];

        public int BlockCount { get; private set; }

        public int Length { get; set; }

        public long LastUsed { get; set; }

        public ReadOnlyMemory<int> Table => _blocks.AsMemory(0, BlockCount);

        public void Write(int first, int[] blocks)
        {
            int count = first + blocks.Length;
            if (_blocks.Length < count)
            {
                // Growing copies: a table that was returned before belongs to a step that may still be computed.
                Array.Resize(ref _blocks, Math.Max(count, 2 * _blocks.Length));
            }

            blocks.CopyTo(_blocks.AsSpan(first));
            BlockCount = count;
        }
    }
}
