using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Placement;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Moves keys and values when layers move from one silo to another while no step is under way. The cache grain of each session moves its blocks; cached
/// prefixes that no session uses move as those of session 0.
/// </summary>
/// <param name="grains">The cache grains.</param>
/// <param name="options">Sizes of messages and timeouts.</param>
/// <param name="blockBytes">Bytes of a block of one CLA group.</param>
/// <param name="model">The model's name.</param>
/// <param name="logger">Gets the reason if they cannot be moved.</param>
/// <param name="time">The clock.</param>
internal sealed class KvMigrator(
    IGrainFactory grains, HunyuanSiloOptions options, long blockBytes, string model, ILogger logger, TimeProvider time)
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
            await Task.WhenAll(moves.GroupBy(static move => move.To.Silo).Select(target => Parallel.ForEachAsync(
                target.SelectMany(move => Calls(move, parts, claFactor)),
                new ParallelOptions { MaxDegreeOfParallelism = options.MessagesInFlight, CancellationToken = cancellationToken },
                async (call, token) => await RunAsync(epoch, after.Version, call, claFactor, token)))).ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever kept them from moving, keys and values can be computed again, and no answer has to fail.
            RouteLog.NotMoved(logger, model, before.Version, after.Version, fault);
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

    // Calls of a few messages each: the response timeout leaves time for no more.
    private IEnumerable<Call> Calls(Move move, List<(long Session, int[] Blocks)> parts, int claFactor)
    {
        int most = (int)Math.Clamp((long)HunyuanSiloOptions.MessagesPerCall * options.MessageBytes / blockBytes, 1, int.MaxValue);
        return move.Divide(most, claFactor).SelectMany(range => parts.SelectMany(
            part => part.Blocks.Chunk(Math.Max(1, most / range.Groups(claFactor))).Select(chunk => new Call(range, part.Session, chunk))));
    }

    private Task RunAsync(long epoch, long version, Call call, int claFactor, CancellationToken cancellationToken)
    {
        (Move move, long session, int[] blocks) = call;
        IKvCacheGrain target = grains.GetGrain<IKvCacheGrain>(move.To.WithSession(session).ToString());
        TimeSpan timeout = options.CallTimeout(blocks.Length * blockBytes * move.Groups(claFactor) * options.MessagesInFlight);
        return target.TakeOverAsync(epoch, version, move.From.WithSession(session).ToString(), move.FirstLayer, move.LastLayer, blocks, cancellationToken)
            .WaitAsync(timeout, time, cancellationToken);
    }

    /// <summary>Some blocks of a session that move with one call.</summary>
    private readonly record struct Call(Move Move, long Session, int[] Blocks);

    /// <summary>A range of layers that moves from one shard to another.</summary>
    private readonly record struct Move(PinnedKey From, PinnedKey To, int FirstLayer, int LastLayer)
    {
        public int Groups(int claFactor) => (LastLayer - FirstLayer + claFactor) / claFactor;

        public IEnumerable<Move> Divide(int mostGroups, int claFactor)
        {
            int layers = Math.Min(mostGroups, Groups(claFactor)) * claFactor;
            for (int layer = FirstLayer; layer <= LastLayer; layer += layers)
            {
                yield return this with { FirstLayer = layer, LastLayer = Math.Min(LastLayer, layer + layers - 1) };
            }
        }

        public bool TryJoin(Move next, out Move joined)
        {
            joined = this with { LastLayer = next.LastLayer };
            return From == next.From && To == next.To && next.FirstLayer == LastLayer + 1;
        }
    }
}
