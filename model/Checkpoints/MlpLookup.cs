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

    /// <summary>
    /// The rows of one routed expert, stored like any MLP, or with all experts of the layer in two tensors: <c>gate_up_proj</c>, of whose rows the first
    /// half is gate, and <c>down_proj</c>.
    /// </summary>
    public MlpRows Expert(int layer, int expert)
    {
        string prefix = WeightNames.ExpertMlp(layer, expert);
        string stack = WeightNames.StackedExperts(layer);
        int width = config.IntermediateSize(layer);
        if (lookup.Has(prefix + "gate_proj.weight") || !lookup.Has(stack + "gate_up_proj") || !lookup.Has(stack + "down_proj"))
        {
            return Rows(prefix, width);
        }

        int hidden = config.HiddenSize;
        FoundTensor gateUp = lookup.FindStack(stack + "gate_up_proj", config.Experts, 2 * width, hidden, prefix + "gate_proj");
        FoundTensor down = lookup.FindStack(stack + "down_proj", config.Experts, hidden, width, prefix + "down_proj");
        int first = expert * 2 * width;
        return new MlpRows(
            new RowSource([gateUp.Rows(first, width)], hidden) { Module = prefix + "gate_proj" },
            new RowSource([gateUp.Rows(first + width, width)], hidden) { Module = prefix + "up_proj" },
            new RowSource([down.Rows(expert * hidden, hidden)], width) { Module = prefix + "down_proj" },
            null,
            null,
            null);
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
