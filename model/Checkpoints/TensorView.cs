using HunyuanOrleans.Kernels;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// One stored tensor in a mapped file, row-major and little-endian. It owns no memory and is valid until its <see cref="Checkpoint"/> is
/// disposed.
/// </summary>
public sealed class TensorView
{
    private readonly MappedFile _file;
    private readonly long _offset;
    private readonly long[] _shape;

    internal TensorView(MappedFile file, string name, StoredType type, long[] shape, long offset, long byteLength)
    {
        _file = file;
        _offset = offset;
        _shape = shape;
        Name = name;
        StoredType = type;
        ByteLength = byteLength;
    }

    /// <summary>The tensor's name in the file.</summary>
    public string Name { get; }

    /// <summary>Path of the file that contains it.</summary>
    public string File => _file.Path;

    /// <summary>The element type in the file.</summary>
    public StoredType StoredType { get; }

    /// <summary>The element type of the kernels.</summary>
    /// <exception cref="ModelException">Kernels do not support the stored type.</exception>
    public ElementType ElementType => StoredType.Element() ??
        throw new ModelException($"{File}: tensor \"{Name}\" is stored as {StoredType.Name()}; allowed for a weight: BF16, F16, F32.");

    /// <summary>Sizes of the dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Size of the tensor in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Address of the first element. Hazard: it may be unaligned to the element size.</summary>
    public nint Address => _file.Address + (nint)_offset;

    /// <summary>The open file that contains it. The checkpoint owns it.</summary>
    internal SafeFileHandle FileHandle => _file.Handle;

    /// <summary>Offset of the first element in the file, in bytes.</summary>
    internal long FileOffset => _offset;

    /// <summary>Number of elements.</summary>
    public long ElementCount => ByteLength / StoredType.Block().Bytes * StoredType.Block().Values;

    /// <summary>The shape as text, such as "[64, 128]".</summary>
    public string ShapeText => "[" + string.Join(", ", _shape) + "]";

    /// <summary>The tensor [matrices, rows, columns] as one matrix [matrices * rows, columns].</summary>
    internal TensorView AsRows() => new(_file, Name, StoredType, [_shape[0] * _shape[1], _shape[2]], _offset, ByteLength);

    /// <summary>Mapped bytes of a part of the tensor, without copying them. Arguments out of range throw.</summary>
    public ReadOnlySpan<byte> Slice(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, ByteLength - length);
        return _file.Slice(_offset + start, length);
    }
}
