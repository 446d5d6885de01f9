using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Which expert groups hold the experts of a router's layers, by route. Where several do, they take turns. It does not know the rows.</summary>
internal sealed class ExpertTable
{
    private readonly int _firstLayer;
    private readonly Group[][] _groups;
    private int _turn;

    /// <summary>Reads the keys of a table.</summary>
    public ExpertTable(string[] keys, LayerRange layers)
    {
        _firstLayer = layers.FirstLayer;
        List<Group> all = [.. keys.Select(key => new Group(key, PinnedKey.Parse(key).Experts))];
        _groups = new Group[layers.Layers][];
        for (int i = 0; i < _groups.Length; i++)
        {
            int layer = _firstLayer + i;
            _groups[i] = [.. all.Where(g => layer >= g.Range.FirstLayer && layer <= g.Range.LastLayer)];
        }
    }

    /// <summary>
    /// Cuts the rows that must leave into errands, one for each group that is to compute some: each run of experts goes to one holder, so that
    /// a group gets one message with all of its rows.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="counts">Rows of each expert.</param>
    /// <param name="local">Experts that are on this silo.</param>
    public List<ExpertDispatch> Plan(int layer, ReadOnlySpan<int> counts, ReadOnlySpan<bool> local)
    {
        Group[] groups = _groups[layer - _firstLayer];
        List<ExpertDispatch> errands = [];
        ExpertDispatch? open = null;
        int row = 0;
        _turn++;
        for (int e = 0; e < counts.Length; e++)
        {
            if (counts[e] > 0 && !local[e])
            {
                if (open is null || !open.Covers(e))
                {
                    open = new ExpertDispatch(Holders(groups, layer, e), e);
                    errands.Add(open);
                }

                open.Add(e, counts[e], row);
            }

            row += counts[e];
        }

        return errands;
    }

    private Group[] Holders(Group[] groups, int layer, int expert)
    {
        Group[] holders = [.. groups.Where(g => expert >= g.Range.FirstExpert && expert <= g.Range.LastExpert)];
        if (holders.Length == 0)
        {
            throw new NotLoadedException($"Expert {expert} of layer {layer} is nowhere in the table.");
        }

        int turn = _turn % holders.Length;
        return [.. holders[turn..], .. holders[..turn]];
    }

    /// <summary>An expert group by key.</summary>
    internal readonly record struct Group(string Key, ExpertRange Range);
}
