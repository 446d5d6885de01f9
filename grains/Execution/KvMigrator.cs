using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Moves keys and values when layers move from one silo to another between two steps. The cache grain of each session moves its blocks; cached
/// prefixes that no session uses move as those of session 0.
/// </summary>
internal sealed class KvMigrator(IGrainFactory grains)
{
    private const long Prefixes = 0;

    /// <summary>Moves the blocks of all layers whose holder has changed.</summary>
    /// <returns>Number of blocks moved; null if keys and values were lost.</returns>
    public async Task<int?> MoveAsync(
        long epoch, Route before, Route after, int claFactor, SessionTables sessions, IKvBlockUsage blockUsage, CancellationToken cancellationToken)
    {
        List<Move> moves = [];
        int group = 0;
        foreach (RouteStage stage in after.Stages)
        {
            foreach (long incarnation in stage.Incarnations)
            {
                (PinnedKey from, long was) = HolderOf(before, group++, claFactor);
                if (incarnation == was)
                {
                    continue;
                }

                int first = (group - 1) * claFactor;
                if (from.Silo == stage.Key.Silo)
                {
                    // The same silo has other memory, so it was restarted.
                    return null;
                }

                Move move = new(from, stage.Key, first, first + claFactor - 1);
                if (moves.Count > 0 && moves[^1].TryJoin(move, out Move joined))
                {
                    moves[^1] = joined;
                }
                else
                {
                    moves.Add(move);
                }
            }
        }

        List<(long Session, int[] Blocks)> parts = moves.Count == 0 ? [] : BlocksToMove(sessions, blockUsage);
        try
        {
            await Task.WhenAll(from move in moves from part in parts select RunAsync(epoch, after.Version, move, part.Session, part.Blocks, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            return null;
        }

        return moves.Count * parts.Sum(static part => part.Blocks.Length);
    }

    private static (PinnedKey Key, long Incarnation) HolderOf(Route route, int group, int claFactor)
    {
        RouteStage stage = route.Stages.First(s => s.Key.Layers.LastLayer >= group * claFactor);
        return (stage.Key, stage.Incarnations[group - (stage.Key.Layers.FirstLayer / claFactor)]);
    }

    // A block that sessions share moves with the first of them.
    private static List<(long Session, int[] Blocks)> BlocksToMove(SessionTables sessions, IKvBlockUsage blockUsage)
    {
        HashSet<int> taken = [];
        List<(long, int[])> parts = [];
        foreach ((long session, int[] blocks) in sessions.All)
        {
            int[] own = [.. blocks.Where(block => blockUsage.IsLive(block) && taken.Add(block))];
            if (own.Length > 0)
            {
                parts.Add((session, own));
            }
        }

        int[] rest = [.. Enumerable.Range(0, blockUsage.BlockCount).Where(block => blockUsage.IsLive(block) && taken.Add(block))];
        if (rest.Length > 0)
        {
            parts.Add((Prefixes, rest));
        }

        return parts;
    }

    private Task RunAsync(long epoch, long version, Move move, long session, int[] blocks, CancellationToken cancellationToken)
    {
        IKvCacheGrain target = grains.GetGrain<IKvCacheGrain>(move.To.WithSession(session).ToString());
        return target.TakeOverAsync(epoch, version, move.From.WithSession(session).ToString(), move.FirstLayer, move.LastLayer, blocks, cancellationToken).WaitAsync(cancellationToken);
    }

    /// <summary>A range of layers that moves from one shard to another.</summary>
    private readonly record struct Move(PinnedKey From, PinnedKey To, int FirstLayer, int LastLayer)
    {
        public bool TryJoin(Move next, out Move joined)
        {
            joined = this with { LastLayer = next.LastLayer };
            return From == next.From && To == next.To && next.FirstLayer == LastLayer + 1;
        }
    }
}
