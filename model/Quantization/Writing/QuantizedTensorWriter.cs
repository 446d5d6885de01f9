using System.Buffers.Binary;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Quantization.Writing;

/// <summary>
/// Writes one stored tensor to a quantised checkpoint: copied, or as codes with scales, in chunks of rows.
/// </summary>
/// <param name="source">The stored tensor.</param>
/// <param name="target">The type to quantise to; null copies the tensor.</param>
/// <param name="part">The rows of the tensor to write, and the name to write them under; null (default) for the whole tensor.</param>
internal sealed class QuantizedTensorWriter(TensorView source, ElementType? target, TensorPart? part = null) : IShardTensor
{
    private readonly int _columns = target is null ? 0 : checked((int)source.Shape[1]);

    /// <summary>Number of rows to write: the size of the first dimension, or 1 for a scalar.</summary>
    public long Rows { get; } = part?.Rows ?? RowsOf(source);

    /// <summary>Bytes of a stored row.</summary>
    public long RowBytes => Rows == 0 ? 0 : source.ByteLength / RowsOf(source);

    /// <summary>The tensors to write, all to the same file.</summary>
    public IReadOnlyList<TensorSpec> Specs { get; } = SpecsOf(source, target, part?.Name ?? source.Name, part?.Rows ?? RowsOf(source));

    /// <summary>Writes a range of rows. Several threads may call it at once.</summary>
    /// <param name="writer">The file to write to.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows; their codes and scales must fit in one array.</param>
    public void Write(SafetensorsWriter writer, long first, int count)
    {
        if (target is not { } type)
        {
            writer.Write(source.Name, first * RowBytes, source.Slice(first * RowBytes, checked((int)(count * RowBytes))));
            return;
        }

        int codeBytes = WeightQuantizer.CodeBytes(type, _columns);
        int scaleBytes = WeightQuantizer.ScaleBytes(type, _columns);
        byte[] codes = new byte[count * codeBytes];
        byte[] scales = new byte[count * scaleBytes];
        ReadOnlySpan<byte> rows = source.Slice(((part?.FirstRow ?? 0) + first) * RowBytes, checked((int)(count * RowBytes)));
        WeightQuantizer.Quantize(type, rows, source.ElementType, _columns, codes, scales);
        writer.Write(Specs[0].Name, first * codeBytes, codes);
        writer.Write(Specs[1].Name, first * scaleBytes, scales);
        if (type == ElementType.I4 && first == 0)
        {
            byte[] shape = new byte[2 * sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(shape, Rows);
            BinaryPrimitives.WriteInt64LittleEndian(shape.AsSpan(sizeof(long)), source.Shape[1]);
            writer.Write(Specs[2].Name, 0, shape);
        }
    }

    private static TensorSpec[] SpecsOf(TensorView source, ElementType? target, string name, long rows) => target switch
    {
        null => [new TensorSpec(name, source.StoredType, source.Shape.ToArray())],
        ElementType.I4 =>
        [
            new TensorSpec(QuantizedLookup.PackedName(name), StoredType.I32, [rows, WeightQuantizer.CodeBytes(ElementType.I4, (int)source.Shape[1]) / sizeof(int)]),
            new TensorSpec(name + "_scale", StoredType.F16, [rows, WeightQuantizer.ScaleBytes(ElementType.I4, (int)source.Shape[1]) / sizeof(ushort)]),
            new TensorSpec(name + "_shape", StoredType.I64, [2]),
        ],
        _ =>
        [
            new TensorSpec(name, target == ElementType.I8 ? StoredType.I8 : StoredType.F8E4M3, [rows, source.Shape[1]]),
            new TensorSpec(name + "_scale", StoredType.F32, [rows, 1]),
        ],
    };

    private static long RowsOf(TensorView tensor) => tensor.Shape.Length == 0 ? 1 : tensor.Shape[0];
}
