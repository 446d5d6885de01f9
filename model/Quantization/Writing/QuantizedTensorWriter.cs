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
internal sealed class QuantizedTensorWriter(TensorView source, ElementType? target)
{
    private readonly int _columns = target is null ? 0 : checked((int)source.Shape[1]);

    /// <summary>Number of rows: the size of the first dimension, or 1 for a scalar.</summary>
    public long Rows { get; } = source.Shape.Length == 0 ? 1 : source.Shape[0];

    /// <summary>Bytes of a stored row.</summary>
    public long RowBytes => Rows == 0 ? 0 : source.ByteLength / Rows;

    /// <summary>Size of the stored tensor in bytes.</summary>
    public long SourceBytes => source.ByteLength;

    /// <summary>The tensors to write, all to the same file.</summary>
    public IReadOnlyList<TensorSpec> Specs { get; } = target switch
    {
        null => [new TensorSpec(source.Name, source.StoredType, source.Shape.ToArray())],
        ElementType.I4 =>
        [
            new TensorSpec(QuantizedLookup.PackedName(source.Name), StoredType.I32, [source.Shape[0], WeightQuantizer.CodeBytes(ElementType.I4, (int)source.Shape[1]) / sizeof(int)]),
            new TensorSpec(source.Name + "_scale", StoredType.F16, [source.Shape[0], WeightQuantizer.ScaleBytes(ElementType.I4, (int)source.Shape[1]) / sizeof(ushort)]),
            new TensorSpec(source.Name + "_shape", StoredType.I64, [2]),
        ],
        _ =>
        [
            new TensorSpec(source.Name, target == ElementType.I8 ? StoredType.I8 : StoredType.F8E4M3, source.Shape.ToArray()),
            new TensorSpec(source.Name + "_scale", StoredType.F32, [source.Shape[0], 1]),
        ],
    };

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
        ReadOnlySpan<byte> rows = source.Slice(first * RowBytes, checked((int)(count * RowBytes)));
        WeightQuantizer.Quantize(type, rows, source.ElementType, _columns, codes, scales);
        writer.Write(Specs[0].Name, first * codeBytes, codes);
        writer.Write(Specs[1].Name, first * scaleBytes, scales);
        if (type == ElementType.I4 && first == 0)
        {
            byte[] shape = new byte[2 * sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(shape, source.Shape[0]);
            BinaryPrimitives.WriteInt64LittleEndian(shape.AsSpan(sizeof(long)), source.Shape[1]);
            writer.Write(Specs[2].Name, 0, shape);
        }
    }

}
