using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds tensors by name and checks their shape and element type. Tensors that the config declares as quantised are found with their
/// scales.
/// </summary>
internal sealed class TensorLookup(Checkpoint checkpoint, ModelConfig config)
{
    private static readonly StoredType[] Values = [StoredType.BF16, StoredType.F16, StoredType.F32];
    private readonly QuantizedLookup _quantized = new(checkpoint, config);

    /// <summary>Whether the checkpoint has a weight or bias, quantised or not.</summary>
    public bool Has(string name) => checkpoint.TryGet(name, out _) || checkpoint.TryGet(QuantizedLookup.PackedName(name), out _) ||
        checkpoint.TryGet(QuantizedLookup.GptqName(name), out _);

    /// <summary>Finds a matrix [rows, columns], or a vector [rows] if <paramref name="vector"/> is true.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="vector">Whether it is a vector.</param>
    /// <param name="alternative">Another name that a message mentions; may be null.</param>
    /// <param name="module">The module whose scheme counts; null for the tensor's own.</param>
    public FoundTensor Find(string name, long rows, long columns, bool vector, string? alternative = null, string? module = null)
    {
        if (!vector && config.Quantization?.SchemeOf(module ?? WeightNames.Module(name)) is { } scheme)
        {
            return _quantized.Find(name, rows, columns, scheme);
        }

        if (!checkpoint.TryGet(name, out TensorView tensor))
        {
            string or = alternative is null ? "" : $" (or \"{alternative}\")";
            throw new ModelException(
                $"{checkpoint.Source}: tensor \"{name}\" is missing; allowed: \"{name}\"{or} of shape {Shape(rows, columns, vector)}, " +
                $"as {config.Source} asks for.");
        }

        ReadOnlySpan<long> shape = tensor.Shape;
        bool fits = vector ? shape.Length == 1 && shape[0] == rows : shape.Length == 2 && shape[0] == rows && shape[1] == columns;
        if (!fits)
        {
            throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" has shape {tensor.ShapeText}; allowed: {Shape(rows, columns, vector)}, " +
                $"as {config.Source} asks for.");
        }

        if (!vector && tensor.StoredType.HasBlocks())
        {
            return QuantizedLookup.Blocks(tensor, ElementType.F32);
        }

        if (!Values.Contains(tensor.StoredType))
        {
            string hint = tensor.StoredType is StoredType.I8 or StoredType.F8E4M3
                ? config.Quantization is { } stored
                    ? $", as \"{stored.IgnoredField}\" or the groups of {config.Source} leave this module unquantised"
                    : $"; {config.Source} has no \"quantization_config\", which quantised weights need"
                : "";
            throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" is stored as {tensor.StoredType.Name()}, which is not supported; allowed: BF16, F16, F32{hint}.");
        }

        return new FoundTensor(tensor, null);
    }

    /// <summary>Finds a tensor with several matrices, [matrices, rows, columns], as one matrix [matrices * rows, columns].</summary>
    /// <exception cref="ModelException">The tensor has another shape or type, or the config says that the matrices are quantised.</exception>
    public FoundTensor FindStack(string name, int matrices, int rows, int columns, string module)
    {
        if (!checkpoint.TryGet(name, out TensorView tensor))
        {
            throw new ModelException($"{checkpoint.Source}: tensor \"{name}\" is missing; allowed: that tensor, or separate ones such as \"{module}.weight\".");
        }

        if (config.Quantization?.SchemeOf(module) is not null)
        {
            throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" contains all experts, and \"quantization_config\" in {config.Source} says that experts are quantised; " +
                $"allowed: quantised experts as separate tensors, such as \"{module}.weight\".");
        }

        ReadOnlySpan<long> shape = tensor.Shape;
        if (shape.Length != 3 || shape[0] != matrices || shape[1] != rows || shape[2] != columns || !Values.Contains(tensor.StoredType)
            || (long)matrices * rows > int.MaxValue)
        {
            throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" is {tensor.StoredType.Name()} of shape {tensor.ShapeText}; allowed: BF16, F16 or F32 of shape " +
                $"[{matrices}, {rows}, {columns}], as {config.Source} asks for.");
        }

        return new FoundTensor(tensor.AsRows(), null);
    }

    private static string Shape(long rows, long columns, bool vector) => vector ? $"[{rows}]" : $"[{rows}, {columns}]";
}
