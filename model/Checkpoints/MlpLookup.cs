using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds the rows of one MLP, stored separately or packed as <c>gate_and_up_proj</c>. Despite its name, the FIRST half of the packed
/// tensor is up and the second half is gate.
/// </summary>
internal sealed class MlpLookup(ModelConfig config, TensorLookup lookup)
{
    public MlpRows Rows(string prefix, int width)
    {
        int hidden = config.HiddenSize;
        bool bias = config.MlpBias;
        return new MlpRows(
            Half(prefix, "gate_proj.", "weight", width, hidden, second: true),
            Half(prefix, "up_proj.", "weight", width, hidden, second: false),
            new RowSource([lookup.Find(prefix + "down_proj.weight", hidden, width, vector: false).Rows(0, hidden)], width),
            bias ? Half(prefix, "gate_proj.", "bias", width, 1, second: true) : null,
            bias ? Half(prefix, "up_proj.", "bias", width, 1, second: false) : null,
            bias ? new RowSource([lookup.Find(prefix + "down_proj.bias", hidden, 1, vector: true).Rows(0, hidden)], 1) : null);
    }

    private RowSource Half(string prefix, string name, string ending, int width, int columns, bool second)
    {
        string separate = prefix + name + ending;
        string packed = prefix + "gate_and_up_proj." + ending;
        bool vector = ending == "bias";
        if (lookup.Has(separate) || !lookup.Has(packed))
        {
            return new RowSource([lookup.Find(separate, width, columns, vector, packed).Rows(0, width)], columns);
        }

        FoundTensor tensor = lookup.Find(packed, 2L * width, columns, vector);
        return new RowSource([tensor.Rows(second ? width : 0, width)], columns);
    }
}
