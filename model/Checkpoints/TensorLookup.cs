using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Finds tensors by name and checks their shape and element type.</summary>
internal sealed class TensorLookup(Checkpoint checkpoint, string configSource)
{
    public bool Has(string name) => checkpoint.TryGet(name, out _);

    /// <summary>The tensor, [rows, columns], or [rows] where <paramref name="columns"/> is 1 and it is a vector.</summary>
    public TensorView Get(string name, long rows, long columns, bool vector, string? alternative = null)
    {
        if (!checkpoint.TryGet(name, out TensorView tensor))
        {
            string or = alternative is null ? "" : $" (or \"{alternative}\")";
            throw new ModelException(
                $"{checkpoint.Source}: tensor \"{name}\" is missing; allowed: \"{name}\"{or} of shape {Shape(rows, columns, vector)}, " +
                $"as {configSource} asks for.");
        }

        ReadOnlySpan<long> shape = tensor.Shape;
        bool fits = vector ? shape.Length == 1 && shape[0] == rows : shape.Length == 2 && shape[0] == rows && shape[1] == columns;
        if (!fits)
        {
            throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" has shape {tensor.ShapeText}; allowed: {Shape(rows, columns, vector)}, " +
                $"as {configSource} asks for.");
        }

        if (tensor.StoredType.Element() is not (ElementType.BF16 or ElementType.F16 or ElementType.F32))
        {
            throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" is stored as {tensor.StoredType.Name()}, which is not supported; allowed: BF16, F16, F32.");
        }

        return tensor;
    }

    private static string Shape(long rows, long columns, bool vector) => vector ? $"[{rows}]" : $"[{rows}, {columns}]";
}
