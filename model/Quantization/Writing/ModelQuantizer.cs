using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization.Writing;

/// <summary>
/// Writes a quantised copy of a model folder in small chunks of rows, so that memory use does not depend on the size of the model. Loading
/// the copy gives the same packed weights as loading the original in that format, because the same code quantises the rows.
/// </summary>
public static class ModelQuantizer
{
    /// <summary>Writes the copy. The files appear in the output folder only when all are written; after an error there are none.</summary>
    /// <param name="model">The folder of an unquantised model.</param>
    /// <param name="output">The folder to write, which must be empty or not exist.</param>
    /// <param name="format">The format to quantise to; <see cref="QuantFormat.None"/> is not allowed.</param>
    /// <param name="progress">
    /// Called with the finished source bytes and the total source bytes, possibly from several threads at once.
    /// </param>
    /// <param name="cancellationToken">Checked every few MB.</param>
    /// <param name="maxShardBytes">Maximum number of data bytes in a shard. A tensor that is larger is a shard by itself.</param>
    /// <returns>Bytes of the written tensors.</returns>
    /// <exception cref="ModelException">The model is invalid or already quantised, or the output cannot be written.</exception>
    public static long Quantize(
        string model,
        string output,
        QuantFormat format,
        Action<long, long>? progress = null,
        CancellationToken cancellationToken = default,
        long maxShardBytes = ShardWriter.DefaultMaxShardBytes)
    {
        if (GgufConversion.IsGguf(model))
        {
            throw new ModelException($"{model}: a GGUF file; allowed: a model folder, which `hunyuan convert` makes of a GGUF file.");
        }

        ModelConfig config = ModelConfig.Load(model);
        if (format == QuantFormat.None)
        {
            throw new ModelException($"Nothing to quantise to; allowed: {string.Join(", ", QuantFormats.Names.Skip(1))}.");
        }

        if (config.Quantization is { } stored)
        {
            throw new ModelException($"{config.Source}: the model is quantised already ({stored.Method}); allowed: an unquantised model.");
        }

        using Checkpoint checkpoint = Checkpoint.Open(model);
        new Weights(config, checkpoint).Validate();
        List<QuantizedTensorWriter> tensors = [.. checkpoint.Tensors.OrderBy(t => t.Address).SelectMany(t => Writers(config, format, t))];
        long bytes = ShardWriter.Bytes(tensors);
        List<string> otherFiles = SideFiles.Of(model);
        using OutputFolder folder = OutputFolder.Create(output, bytes + otherFiles.Sum(f => new FileInfo(f).Length));
        try
        {
            ShardWriter.Write(folder.Path, tensors, maxShardBytes, progress, cancellationToken);
            otherFiles.ForEach(file => File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file))));
            File.WriteAllText(Path.Combine(folder.Path, "config.json"), QuantizedConfig.Of(File.ReadAllText(config.Source), format, config.Family));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{output}: cannot be written: {e.Message}", e);
        }

        folder.Complete();
        return bytes;
    }

    // Experts that share a tensor become separate tensors, which is the only form in which quantised experts are read.
    private static IEnumerable<QuantizedTensorWriter> Writers(ModelConfig config, QuantFormat format, TensorView tensor) =>
        StackedExperts.IsStack(tensor, config)
            ? StackedExperts.Split(tensor).Select(part => new QuantizedTensorWriter(tensor.AsRows(), QuantPolicy.TypeOf(format, LinearRole.Mlp), part))
            : [new QuantizedTensorWriter(tensor, Target(config, format, tensor))];

    // In a tied model, lm_head is quantised from the embedding when it is packed; a stored lm_head.weight is unused and is only copied.
    private static ElementType? Target(ModelConfig config, QuantFormat format, TensorView tensor) =>
        (!WeightNames.IsUnused(tensor.Name, config) || WeightNames.IsOfPredictLayer(tensor.Name, config))
        && tensor.Shape.Length == 2
        && tensor.Name.EndsWith(".weight", StringComparison.Ordinal)
            ? QuantPolicy.TypeOf(format, LinearRoles.Of(WeightNames.Module(tensor.Name)))
            : null;
}
