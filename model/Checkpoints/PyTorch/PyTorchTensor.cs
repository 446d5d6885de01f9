namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>
/// A tensor of a <see cref="PyTorchFile"/>, valid until the file is disposed. All of its elements lie inside the file, and it has no more elements than
/// its storage.
/// </summary>
/// <param name="file">The mapped file.</param>
/// <param name="name">Its name in the dictionary.</param>
/// <param name="storageOffset">Offset of its storage in the file, in bytes.</param>
/// <param name="tensor">Its description.</param>
internal sealed class PyTorchTensor(MappedFile file, string name, long storageOffset, PickleTensor tensor)
{
    /// <summary>Its name in the dictionary.</summary>
    public string Name => name;

    /// <summary>Type of its elements.</summary>
    public StoredType Type => tensor.Storage.Type;

    /// <summary>Sizes of the dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Shape => tensor.Shape;

    /// <summary>Elements from one index to the next in each dimension.</summary>
    public ReadOnlySpan<long> Strides => tensor.Strides;

    /// <summary>Index of its first element in its storage.</summary>
    public long StorageOffset => tensor.Offset;

    /// <summary>Number of elements.</summary>
    public long Elements => tensor.Shape.Aggregate(1L, static (product, size) => product * size);

    /// <summary>Size of the elements in bytes.</summary>
    public long ByteLength => Elements * Type.Size();

    /// <summary>Whether the elements lie one after the other in the order of their indexes.</summary>
    public bool IsContiguous => Elements == 0 || FirstContiguous == 0;

    // The dimensions from this one on lie in memory in the order of their indexes.
    private int FirstContiguous
    {
        get
        {
            long expected = 1;
            int first = Shape.Length;
            for (; first > 0 && (Shape[first - 1] == 1 || Strides[first - 1] == expected); first--)
            {
                expected *= Shape[first - 1];
            }

            return first;
        }
    }

    /// <summary>The tensor as one of a checkpoint, without a copy.</summary>
    /// <exception cref="ModelException">The tensor is not contiguous.</exception>
    public TensorView View() => IsContiguous
        ? new TensorView(file, name, Type, tensor.Shape, Elements == 0 ? storageOffset : storageOffset + (tensor.Offset * Type.Size()), ByteLength)
        : throw new ModelException(
            $"{file.Path}: tensor \"{name}\" of shape [{string.Join(", ", tensor.Shape)}] has strides [{string.Join(", ", tensor.Strides)}]; " +
            "allowed: elements one after the other. PyTorch's contiguous() makes such a tensor.");

    /// <summary>Copies the elements in the order of their indexes, whatever the strides.</summary>
    /// <param name="target">Receives <see cref="ByteLength"/> bytes.</param>
    public void CopyTo(Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, ByteLength, nameof(target));
        if (!target.IsEmpty)
        {
            Copy(0, FirstContiguous, storageOffset + (tensor.Offset * Type.Size()), target);
        }
    }

    private void Copy(int dimension, int contiguous, long at, Span<byte> target)
    {
        if (dimension == contiguous)
        {
            file.Slice(at, target.Length).CopyTo(target);
            return;
        }

        int part = (int)(target.Length / Shape[dimension]);
        for (int i = 0; i < Shape[dimension]; i++)
        {
            Copy(dimension + 1, contiguous, at + (i * Strides[dimension] * Type.Size()), target.Slice(i * part, part));
        }
    }
}
