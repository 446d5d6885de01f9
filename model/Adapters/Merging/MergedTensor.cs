using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Adapters.Merging;

/// <summary>Writes one stored tensor to a merged checkpoint, in chunks of rows.</summary>
/// <param name="source">The stored tensor.</param>
/// <param name="type">The type to write; null: as stored. Tensors that are no BF16, F16 or F32 keep their type.</param>
/// <param name="merged">The rows to which the adapter adds something.</param>
internal sealed class MergedTensor(TensorView source, StoredType? type, MergedRows[] merged) : IShardTensor
{
    /// <inheritdoc/>
    public IReadOnlyList<TensorSpec> Specs => [Spec];

    /// <summary>The tensor to write.</summary>
    public TensorSpec Spec { get; } = new(source.Name, IsFloat(source.StoredType) ? type ?? source.StoredType : source.StoredType, source.Shape.ToArray());

    /// <summary>Number of rows: all dimensions but the last, as all experts of a layer may share a tensor; a row of a vector is one element; 1 for a scalar.</summary>
    public long Rows { get; } = RowsOf(source.Shape);

    /// <summary>Bytes of a stored row.</summary>
    public long RowBytes => Rows == 0 ? 0 : source.ByteLength / Rows;

    /// <summary>Writes a range of rows. Several threads may call it at once.</summary>
    /// <exception cref="ModelException">A value does not fit the type, or the file cannot be written.</exception>
    public void Write(SafetensorsWriter writer, long first, int count)
    {
        ReadOnlySpan<byte> rows = source.Slice(first * RowBytes, checked((int)(count * RowBytes)));
        if (Spec.Type == source.StoredType && merged.Length == 0)
        {
            writer.Write(Spec.Name, first * RowBytes, rows);
            return;
        }

        int columns = (int)(RowBytes / source.StoredType.Size());
        float[] values = new float[count * columns];
        Conversion.ToSingles(rows, source.ElementType, values);
        for (int i = 0; i < count; i++)
        {
            foreach (MergedRows range in merged)
            {
                if (range.Contains(first + i))
                {
                    range.AddTo(first + i, values.AsSpan(i * columns, columns));
                }
            }
        }

        CheckRange(values);
        byte[] written = new byte[values.Length * Spec.Type.Size()];
        Conversion.FromSingles(values, Spec.Type.Element()!.Value, written);
        writer.Write(Spec.Name, first * columns * Spec.Type.Size(), written);
    }

    private static long RowsOf(ReadOnlySpan<long> shape)
    {
        long rows = shape.Length == 0 ? 1 : shape[0];
        for (int i = 1; i < shape.Length - 1; i++)
        {
            rows *= shape[i];
        }

        return rows;
    }

    private static bool IsFloat(StoredType type) => type is StoredType.BF16 or StoredType.F16 or StoredType.F32;

    private void CheckRange(float[] values)
    {
        if (Spec.Type == StoredType.F16 && values.Any(static value => MathF.Abs(value) > 65504))
        {
            throw new ModelException($"{source.File}: tensor \"{source.Name}\" has values above 65504, which F16 cannot hold; allowed: bf16 or f32.");
        }
    }
}
