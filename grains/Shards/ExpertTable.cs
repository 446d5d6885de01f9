using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>The expert groups that hold the experts of a router's layers on one route. Groups with the same expert take turns.</summary>
internal sealed class ExpertTable
{
    private readonly int _firstLayer;
    private readonly Group[][][] _holders;
    private int _turn;

    /// <summary>Creates a table.</summary>
    /// <param name="keys">Keys of the expert groups.</param>
    /// <param name="layers">The router's layers.</param>
    public ExpertTable(string[] keys, LayerRange layers)
    {
        _firstLayer = layers.FirstLayer;
        Group[] all = [.. keys.Select(static key => Group.Of(key))];
        _holders = new Group[layers.Layers][][];
        for (int i = 0; i < _holders.Length; i++)
        {
            int layer = _firstLayer + i;
            Group[] groups = [.. all.Where(g => layer >= g.Range.FirstLayer && layer <= g.Range.LastLayer)];
            _holders[i] = new Group[groups.Length == 0 ? 0 : groups.Max(static g => g.Range.LastExpert) + 1][];
            for (int e = 0; e < _holders[i].Length; e++)
            {
                _holders[i][e] = [.. groups.Where(g => e >= g.Range.FirstExpert && e <= g.Range.LastExpert)];
            }
        }
    }

    /// <summary>
    /// Divides the rows whose experts are on other silos into dispatches. Each run of consecutive experts goes to one holder, so that a group
    /// gets one message with all of its rows, or several if they are too many. The rows of one expert stay together if they fit.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="counts">Number of rows of each expert.</param>
    /// <param name="local">For each expert, whether this silo holds it.</param>
    /// <param name="maxRows">Most rows of a message, at least 1.</param>
    /// <param name="dispatches">Receives the dispatches.</param>
    public void Plan(int layer, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local, int maxRows, List<ExpertDispatch> dispatches)
    {
        ExpertDispatch? open = null;
        int row = 0;
        _turn = (_turn + 1) & int.MaxValue;
        for (int e = 0; e < counts.Length; e++)
        {
            for (int left = local[e] ? 0 : counts[e], at = row; left > 0;)
            {
                if (open is null || !open.Covers(e) || open.RowCount + Math.Min(left, maxRows) > maxRows)
                {
                    Group[] holders = Holders(layer, e);
                    open = new ExpertDispatch(holders, _turn % holders.Length, e, Math.Min(counts.Length - 1, holders[0].Range.LastExpert) - e + 1);
                    dispatches.Add(open);
                }

                int rows = Math.Min(left, maxRows);
                open.Add(e, rows, at);
                (left, at) = (left - rows, at + rows);
            }

            row += counts[e];
        }
    }

    private Group[] Holders(int layer, int expert)
    {
        Group[][] holders = _holders[layer - _firstLayer];
        return expert < holders.Length && holders[expert].Length > 0
            ? holders[expert]
            : throw new NotLoadedException($"Expert {expert} of layer {layer} is not in the expert table.");
    }

    /// <summary>An expert group: its key, its silo and its range of experts.</summary>
    internal readonly record struct Group(string Key, string Silo, ExpertRange Range)
    {
        /// <summary>Reads the group from its key.</summary>
        public static Group Of(string key)
        {
            PinnedKey parsed = PinnedKey.Parse(key);
            return new Group(key, parsed.Silo, parsed.Experts);
        }
    }
}
