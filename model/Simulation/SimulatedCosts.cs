using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// How long a device takes for the parts of a model: each product takes the time to read its weights or to multiply, whichever is longer, and attention
/// likewise for its keys and values. Norms, rotations and sums are not counted.
/// </summary>
internal sealed class SimulatedCosts(ModelConfig config, WeightTypes types, ModelOptions options, SimulatedHardware hardware)
{
    private readonly WeightSizes _sizes = new(config, types);
    private readonly double _kvBytes = (double)KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, options.CacheFormat.Element()) / KvBlocks.Positions;

    /// <summary>Seconds of a layer's attention with the gate that scores its experts.</summary>
    public double Attention(int layer, AttentionBatch batch)
    {
        double read = 0, pairs = 0;
        foreach (ref readonly AttentionSlice slice in batch.Slices)
        {
            // The rows of a slice share one pass over its keys and values.
            read += slice.Start + slice.Count;
            pairs += ((double)slice.Count * slice.Start) + ((double)slice.Count * (slice.Count + 1) / 2);
        }

        double attend = Math.Max(read * _kvBytes / hardware.BytesPerSecond, 4 * pairs * config.QuerySize / hardware.Operations(ElementType.BF16));
        return attend + Product(_sizes.Attention(layer), _sizes.AttentionType(layer), batch.Rows) + Product(_sizes.Gate(layer), ElementType.F32, batch.Rows);
    }

    /// <summary>Seconds of a layer's shared expert, or of its MLP.</summary>
    public double Shared(int layer, int rows) => Product(_sizes.Shared(layer), _sizes.SharedType(layer), rows);

    /// <summary>Seconds of one expert for some rows.</summary>
    public double Expert(int layer, int rows) => Product(_sizes.Expert(layer), _sizes.ExpertType(layer), rows);

    /// <summary>Seconds of the head for some rows.</summary>
    public double Head(int rows) => Product(_sizes.Head, _sizes.HeadType, rows);

    private double Product(long bytes, ElementType type, int rows)
    {
        double elements = bytes * type.ElementsPerByte();
        return rows == 0 || bytes == 0 ? 0 : Math.Max(bytes / hardware.BytesPerSecond, 2 * elements * rows / hardware.Operations(type));
    }
}
