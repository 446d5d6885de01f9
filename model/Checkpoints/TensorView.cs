using HunyuanOrleans.Kernels;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// One stored tensor: where its bytes lie in a mapped file, row-major, little-endian. Owns nothing: valid until its
/// <see cref="Checkpoint"/> is disposed. Does not know what the tensor means.
/// </summary>
public sealed class TensorView
{
    private readonly MappedFile file;
    private readonly long offset;
    private readonly long[] shape;

    internal TensorView(MappedFile file, string name, StoredType type, long[] shape, long offset, long byteLength)
    {
        this.file = file;
        this.offset = offset;
        this.shape = shape;
        Name = name;
        StoredType = type;
        ByteLength = byteLength;
    }

    /// <summary>The tensor's name in the file.</summary>
    public string Name { get; }

    /// <summary>Path of the file that holds it.</summary>
    public string File => file.Path;

    /// <summary>How its elements are stored.</summary>
    public StoredType StoredType { get; }

    /// <summary>How its elements are stored, in the kernels' terms.</summary>
    /// <exception cref="ModelException">It is stored in a type that no kernel reads.</exception>
    public ElementType ElementType => StoredType.Element() ??
        throw new ModelException($"{File}: tensor \"{Name}\" is stored as {StoredType.Name()}; allowed for a weight: BF16, F16, F32.");

    /// <summary>Sizes of its dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Shape => shape;

    /// <summary>Bytes of all elements.</summary>
    public long ByteLength { get; }

    /// <summary>Address of the first element. Hazard: may lie at any byte, so not aligned to the element size.</summary>
    public nint Address => file.Address + (nint)offset;

    /// <summary>The open file that holds it; the checkpoint's.</summary>
    internal SafeFileHandle FileHandle => file.Handle;

    /// <summary>Where its first element begins in the file.</summary>
    internal long FileOffset => offset;

    /// <summary>Number of elements.</summary>
    public long ElementCount => ByteLength / StoredType.Size();

    /// <summary>The shape as text, "[rows, columns]".</summary>
    public string ShapeText => "[" + string.Join(", ", shape) + "]";

    /// <summary>Mapped bytes of a part of the tensor, not a copy. Out-of-range arguments throw.</summary>
    public ReadOnlySpan<byte> Slice(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, ByteLength - length);
        return file.Slice(offset + start, length);
    }
}
