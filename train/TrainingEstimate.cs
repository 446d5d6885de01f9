using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Train;

/// <summary>
/// The memory of a run, computed from shapes before anything is loaded. Activations are counted for a micro-batch of the largest size. Scratch memory of
/// kernels is not counted.
/// </summary>
public sealed class TrainingEstimate
{
    private const int BytesPerValue = 16;

    /// <summary>Computes the estimate.</summary>
    public TrainingEstimate(TrainingPlan plan)
    {
        ModelConfig config = plan.Config;
        TrainOptions options = plan.Options;
        bool tied = config.TieWordEmbeddings;
        foreach (ExpectedTensor tensor in CheckpointSchema.Tensors(config))
        {
            bool trained = plan.Selection.TrainsBase(tensor.Name);
            TrainedValues += trained ? tensor.ElementCount : 0;
            if (tensor.Shape.Length == 2 && (tensor.Role != WeightRole.Embedding || tied))
            {
                WeightBytes += Bytes(tensor, plan.Types);
            }

            string module = tensor.Name[..tensor.Name.LastIndexOf('.')];
            if (options.Lora is { } lora && tensor.Shape.Length == 2 && lora.Adapts(module))
            {
                TrainedValues += lora.Rank * (tensor.Shape[0] + tensor.Shape[1]);
            }
        }

        TrainingBytes = TrainedValues * BytesPerValue;
        ActivationBytes = Activations(config, options.Recompute) * plan.MaxTokens * sizeof(float);
        double meanLength = (double)plan.Data.Tokens / plan.Data.Examples.Count;
        TokensPerStep = meanLength * options.BatchSize * options.Accumulation;
    }

    /// <summary>Number of values that are trained.</summary>
    public long TrainedValues { get; }

    /// <summary>Bytes of the packed weights: quantised ones once, others for both directions.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of trained values with gradients and moments.</summary>
    public long TrainingBytes { get; }

    /// <summary>Bytes of activations.</summary>
    public long ActivationBytes { get; }

    /// <summary>All bytes.</summary>
    public long TotalBytes => WeightBytes + TrainingBytes + ActivationBytes;

    /// <summary>Tokens of a mean step.</summary>
    public double TokensPerStep { get; }

    // A tied embedding has the type of the output projection.
    private static long Bytes(ExpectedTensor tensor, WeightTypes types)
    {
        ElementType type = types.TypeOf(tensor.Role == WeightRole.Embedding ? ModuleNames.Head : WeightNames.Module(tensor.Name));
        return type.IsQuantized() ? PackedMatrix.SizeOf((int)tensor.Shape[0], (int)tensor.Shape[1], type) : 2 * tensor.ElementCount * type.Size();
    }

    // Floats for each token.
    private static long Activations(ModelConfig config, bool recompute)
    {
        long shared = (config.Layers + 4L) * config.HiddenSize;
        long groups = config.KvGroups * 2L * config.KvSize;
        long largest = 0, all = 0;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            long floats = (3L * config.HiddenSize) + ((config.UseQkNorm ? 3L : 2L) * config.QuerySize) + (config.UseQkNorm ? config.KvSize : 0) + config.Heads;
            floats += 3L * (config.IsMoeLayer(layer) ? config.SharedIntermediateSize(layer) : config.IntermediateSize(layer));
            floats += config.IsMoeLayer(layer) ? config.Experts + (config.TopK(layer) * ((2L * config.HiddenSize) + (3L * config.IntermediateSize(layer)))) : 0;
            largest = Math.Max(largest, floats);
            all += floats;
        }

        return shared + groups + (recompute ? largest : all);
    }
}
