using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>A tensor of a GGUF file as a folder stores it: blocks are decoded, other elements are copied.</summary>
/// <param name="source">The tensor of the file.</param>
/// <param name="decoded">The type of decoded blocks, F32 or BF16.</param>
internal sealed class DecodedTensor(TensorView source, StoredType decoded) : IShardTensor
{
    private readonly long _columns = source.Shape.Length == 0 ? 1 : source.Shape[^1];

    /// <inheritdoc/>
    public IReadOnlyList<TensorSpec> Specs { get; } = [new(source.Name, source.StoredType.HasBlocks() ? decoded : source.StoredType, source.Shape.ToArray())];

    /// <inheritdoc/>
    public long Rows => _columns == 0 ? 0 : source.ElementCount / _columns;

    /// <inheritdoc/>
    public long RowBytes
    {
        get
        {
            (int values, int bytes) = source.StoredType.Block();
            return _columns / values * bytes;
        }
    }

    /// <inheritdoc/>
    public void Write(SafetensorsWriter writer, long first, int count)
    {
        ReadOnlySpan<byte> stored = source.Slice(first * RowBytes, checked((int)(count * RowBytes)));
        TensorSpec spec = Specs[0];
        if (!source.StoredType.HasBlocks())
        {
            writer.Write(spec.Name, first * RowBytes, stored);
            return;
        }

        float[] values = new float[count * _columns];
        GgufDecoder.Decode(source.StoredType, stored, values);
        byte[] written = new byte[values.LongLength * spec.Type.Size()];
        Conversion.FromSingles(values, spec.Type == StoredType.F32 ? ElementType.F32 : ElementType.BF16, written);
        writer.Write(spec.Name, first * _columns * spec.Type.Size(), written);
    }
}
