using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds query, key and value rows, stored separately or packed as <c>qkv_proj</c>. The packed tensor has, for each key/value head, its
/// query heads, one key head and one value head. The ending of the name, "weight" or "bias", selects weights or biases.
/// </summary>
internal sealed class AttentionLookup(ModelConfig config, TensorLookup lookup)
{
    public RowSource Query(int layer, string ending, int columns) =>
        Rows(layer, "q_proj.", ending, columns, config.QuerySize, firstHead: 0, heads: config.QueryGroup);

    public RowSource Key(int layer, string ending, int columns) => KeyOrValue(layer, "k_proj.", ending, columns, config.QueryGroup);

    public RowSource Value(int layer, string ending, int columns) => KeyOrValue(layer, "v_proj.", ending, columns, config.QueryGroup + 1);

    private RowSource KeyOrValue(int layer, string name, string ending, int columns, int firstHead) => config.IsSelfLayer(layer)
        ? Rows(layer, name, ending, columns, config.KvSize, firstHead, heads: 1)
        : throw new ArgumentOutOfRangeException(nameof(layer), layer, "The layer uses the K and V of the first layer of its group.");

    private RowSource Rows(int layer, string name, string ending, int columns, int rows, int firstHead, int heads)
    {
        string prefix = WeightNames.Attention(layer);
        string separate = prefix + name + ending;
        bool vector = ending == "bias";

        // Layers without their own K and V have a separate query projection even in packed checkpoints.
        if (!config.IsSelfLayer(layer))
        {
            return new RowSource([lookup.Find(separate, rows, columns, vector).Rows(0, rows)], columns);
        }

        string packed = prefix + "qkv_proj." + ending;
        if (lookup.Has(separate) || !lookup.Has(packed))
        {
            return new RowSource([lookup.Find(separate, rows, columns, vector, packed).Rows(0, rows)], columns);
        }

        int headsPerGroup = config.QueryGroup + 2;
        FoundTensor tensor = lookup.Find(packed, (long)config.KvHeads * headsPerGroup * config.HeadDim, columns, vector);
        var ranges = new RowRange[config.KvHeads];
        for (int kvHead = 0; kvHead < ranges.Length; kvHead++)
        {
            int first = ((kvHead * headsPerGroup) + firstHead) * config.HeadDim;
            ranges[kvHead] = tensor.Rows(first, heads * config.HeadDim);
        }

        return new RowSource(ranges, columns);
    }
}
