namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Covers a set of layers or experts with ranges. Expert ranges of consecutive layers are merged if they have the same experts.
/// </summary>
internal static class RangeCover
{
    /// <summary>The fewest ranges that cover the layers in the set.</summary>
    public static List<LayerRange> Layers(int layers, Func<int, bool> contains)
    {
        List<LayerRange> ranges = [];
        for (int layer = 0; layer < layers; layer++)
        {
            if (!contains(layer))
            {
                continue;
            }

            if (ranges.Count > 0 && ranges[^1].LastLayer == layer - 1)
            {
                ranges[^1] = ranges[^1] with { LastLayer = layer };
            }
            else
            {
                ranges.Add(new LayerRange(layer, layer));
            }
        }

        return ranges;
    }

    /// <summary>Ranges that cover the experts in the set, ordered by first layer, then first expert.</summary>
    public static List<ExpertRange> Experts(int layers, int experts, Func<int, int, bool> contains)
    {
        List<ExpertRange> done = [];
        List<ExpertRange> open = [];
        for (int layer = 0; layer < layers; layer++)
        {
            List<ExpertRange> row = Row(layer, experts, contains);
            for (int i = 0; i < row.Count; i++)
            {
                int same = open.FindIndex(r => r.FirstExpert == row[i].FirstExpert && r.LastExpert == row[i].LastExpert);
                if (same >= 0)
                {
                    row[i] = open[same] with { LastLayer = layer };
                    open.RemoveAt(same);
                }
            }

            done.AddRange(open);
            open = row;
        }

        done.AddRange(open);
        return [.. done.OrderBy(r => r.FirstLayer).ThenBy(r => r.FirstExpert)];
    }

    private static List<ExpertRange> Row(int layer, int experts, Func<int, int, bool> contains)
    {
        List<ExpertRange> row = [];
        for (int e = 0; e < experts; e++)
        {
            if (!contains(layer, e))
            {
                continue;
            }

            if (row.Count > 0 && row[^1].LastExpert == e - 1)
            {
                row[^1] = row[^1] with { LastExpert = e };
            }
            else
            {
                row.Add(new ExpertRange(layer, layer, e, e));
            }
        }

        return row;
    }
}
