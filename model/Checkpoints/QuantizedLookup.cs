using System.Buffers.Binary;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds quantised matrices with their scales, and checks shapes and types. A matrix is stored as <c>weight</c> with
/// <c>weight_scale</c>, or as <c>weight_packed</c> with <c>weight_scale</c> and <c>weight_shape</c>; it also has <c>input_scale</c> if the
/// scheme stores a scale for inputs. <c>weight_packed</c> has eight 4-bit codes, offset by 8, in each 32-bit number, the first in the
/// lowest bits.
/// </summary>
internal sealed class QuantizedLookup(Checkpoint checkpoint, ModelConfig config)
{
    private const int CodesPerNumber = 8;

    /// <summary>The name of the tensor with a weight's 4-bit codes.</summary>
    public static string PackedName(string weight) => weight + "_packed";

    /// <summary>Finds a quantised matrix [rows, columns].</summary>
    /// <exception cref="ModelException">A tensor is missing or has another shape or type; the message names it.</exception>
    public FoundTensor Find(string weight, long rows, long columns, WeightScheme scheme)
    {
        List<string> names = [weight + "_scale"];
        string module = WeightNames.Module(weight);
        TensorView codes = scheme.Type switch
        {
            ElementType.I4 => FindPacked(weight, rows, columns, names),
            ElementType.I8 => Get(weight, [StoredType.I8], [rows, columns]),
            _ => Get(weight, [StoredType.F8E4M3], [rows, columns]),
        };
        float? input = null;
        if (scheme.StaticInput)
        {
            names.Add(module + ".input_scale");
            input = PositiveScalar(names[^1]);
        }
        else if (checkpoint.TryGet(module + ".input_scale", out _))
        {
            throw new ModelException(
                $"{checkpoint.Source}: tensor \"{module}.input_scale\" exists, but \"quantization_config\" in {config.Source} says that inputs are " +
                "quantised dynamically; allowed: a static activation_scheme, or no input scales.");
        }

        return new FoundTensor(codes, Scales(names[0], rows, columns, scheme) with { InputScale = input, Names = names });
    }

    private StoredScales Scales(string name, long rows, long columns, WeightScheme scheme)
    {
        StoredType[] floats = [StoredType.F32, StoredType.BF16, StoredType.F16];
        if (scheme.Scales == ScaleGranularity.Tensor)
        {
            PositiveScalar(name);
            return new StoredScales(scheme.Type, Get(name, [StoredType.F32], [], [1]), 0, null, []);
        }

        int perRow = scheme.Scales == ScaleGranularity.Row ? 1 : (int)((columns + WeightScheme.GroupColumns - 1) / WeightScheme.GroupColumns);
        TensorView scales = perRow == 1 ? Get(name, floats, [rows, 1], [rows]) : Get(name, floats, [rows, perRow]);
        return new StoredScales(scheme.Type, scales, perRow, null, []);
    }

    private TensorView FindPacked(string weight, long rows, long columns, List<string> names)
    {
        TensorView codes = Get(PackedName(weight), [StoredType.I32], [rows, (columns + CodesPerNumber - 1) / CodesPerNumber]);
        TensorView shape = Get(weight + "_shape", [StoredType.I64, StoredType.I32], [2]);
        names.Add(shape.Name);
        ReadOnlySpan<byte> bytes = shape.Slice(0, (int)shape.ByteLength);
        bool wide = shape.StoredType == StoredType.I64;
        long first = wide ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        long second = wide ? BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        return (first, second) == (rows, columns)
            ? codes
            : throw new ModelException(
                $"{shape.File}: tensor \"{shape.Name}\" holds [{first}, {second}]; allowed: [{rows}, {columns}], as {config.Source} asks for.");
    }

    private float PositiveScalar(string name)
    {
        TensorView tensor = Get(name, [StoredType.F32], [], [1]);
        float value = BinaryPrimitives.ReadSingleLittleEndian(tensor.Slice(0, sizeof(float)));
        return value > 0 && float.IsFinite(value)
            ? value
            : throw new ModelException(FormattableString.Invariant($"{tensor.File}: tensor \"{name}\" is {value}; allowed: a positive number."));
    }

    private TensorView Get(string name, StoredType[] types, params ReadOnlySpan<long[]> shapes)
    {
        string allowed = string.Join(" or ", shapes.ToArray().Select(s => $"[{string.Join(", ", s)}]"));
        if (!checkpoint.TryGet(name, out TensorView tensor))
        {
            throw new ModelException(
                $"{checkpoint.Source}: tensor \"{name}\" is missing; allowed: shape {allowed} of {Names(types)}, as \"quantization_config\" in " +
                $"{config.Source} asks for (or its module in \"{config.Quantization!.IgnoredField}\").");
        }

        bool fits = false;
        foreach (long[] shape in shapes)
        {
            fits |= tensor.Shape.SequenceEqual(shape);
        }

        return fits && types.Contains(tensor.StoredType)
            ? tensor
            : throw new ModelException(
                $"{tensor.File}: tensor \"{name}\" is {tensor.StoredType.Name()} of shape {tensor.ShapeText}; allowed: {Names(types)} of shape {allowed}, " +
                $"as \"quantization_config\" in {config.Source} asks for.");
    }

    private static string Names(StoredType[] types) => string.Join(", ", types.Select(t => t.Name()));
}
