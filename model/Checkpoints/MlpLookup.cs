using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds the rows of one MLP, separate or packed as <c>gate_and_up_proj</c>, whose FIRST half is up and second half is gate.
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
            new RowSource([new RowRange(lookup.Get(prefix + "down_proj.weight", hidden, width, vector: false), 0, hidden)], width),
            bias ? Half(prefix, "gate_proj.", "bias", width, 1, second: true) : null,
            bias ? Half(prefix, "up_proj.", "bias", width, 1, second: false) : null,
            bias ? new RowSource([new RowRange(lookup.Get(prefix + "down_proj.bias", hidden, 1, vector: true), 0, hidden)], 1) : null);
    }

    private RowSource Half(string prefix, string name, string ending, int width, int columns, bool second)
    {
        string separate = prefix + name + ending;
        string packed = prefix + "gate_and_up_proj." + ending;
        bool vector = ending == "bias";
        if (lookup.Has(separate) || !lookup.Has(packed))
        {
            return new RowSource([new RowRange(lookup.Get(separate, width, columns, vector, packed), 0, width)], columns);
        }

        TensorView tensor = lookup.Get(packed, 2L * width, columns, vector);
        return new RowSource([new RowRange(tensor, second ? width : 0, width)], columns);
    }
}
