using System.Buffers.Binary;
using System.Globalization;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Finds the tensors of quantised matrices by name, and checks their types, shapes and, where it must, their values.</summary>
internal sealed class QuantizedTensors(Checkpoint checkpoint, ModelConfig config)
{
    /// <summary>The types of scales.</summary>
    public static readonly StoredType[] Floats = [StoredType.F32, StoredType.BF16, StoredType.F16];

    /// <summary>Finds a tensor of one of several types and shapes.</summary>
    /// <exception cref="ModelException">It is missing, or has another type or shape.</exception>
    public TensorView Get(string name, StoredType[] types, params ReadOnlySpan<long[]> shapes)
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

    /// <summary>Finds the packed codes of compressed-tensors, and checks the shape that is stored beside them.</summary>
    public TensorView Packed(string weight, long rows, long columns, int bits, List<string> names)
    {
        TensorView codes = Get(QuantizedLookup.PackedName(weight), [StoredType.I32], [rows, ((columns * bits) + 31) / 32]);
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

    /// <summary>Checks that a scale for everything is a positive number, and returns it.</summary>
    public float RequirePositive(TensorView tensor)
    {
        Span<float> value = stackalloc float[1];
        Conversion.ToSingles(tensor.Slice(0, tensor.StoredType.Size()), tensor.ElementType, value);
        return value[0] > 0 && float.IsFinite(value[0])
            ? value[0]
            : throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"{tensor.File}: tensor \"{tensor.Name}\" is {value[0]}; allowed: a positive number."));
    }

    /// <summary>Checks that g_idx, if it is there, assigns consecutive inputs to groups.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="columns">Number of inputs.</param>
    /// <param name="group">Inputs in a group; 0 for all.</param>
    /// <param name="names">Receives the name.</param>
    public void RequireOrderedGroups(string name, int columns, int group, List<string> names)
    {
        if (!checkpoint.TryGet(name, out _))
        {
            return;
        }

        names.Add(name);
        TensorView tensor = Get(name, [StoredType.I32], [columns]);
        ReadOnlySpan<byte> bytes = tensor.Slice(0, (int)tensor.ByteLength);
        for (int column = 0; column < columns; column++)
        {
            int expected = group == 0 ? 0 : column / group;
            int found = BinaryPrimitives.ReadInt32LittleEndian(bytes[(column * sizeof(int))..]);
            if (found != expected)
            {
                throw new ModelException(
                    $"{tensor.File}: tensor \"{name}\" puts input {column} into group {found}, so inputs were reordered (desc_act); allowed: groups of " +
                    "consecutive inputs, as desc_act false or static_groups true gives.");
            }
        }
    }

    private static string Names(StoredType[] types) => string.Join(", ", types.Select(t => t.Name()));
}
