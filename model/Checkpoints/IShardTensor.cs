namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>A tensor of a copied model, or several that are made of one, which <see cref="ShardWriter"/> writes in chunks of rows.</summary>
internal interface IShardTensor
{
    /// <summary>The tensors to write, all to the same file.</summary>
    IReadOnlyList<TensorSpec> Specs { get; }

    /// <summary>Number of rows to write.</summary>
    long Rows { get; }

    /// <summary>Bytes of a stored row.</summary>
    long RowBytes { get; }

    /// <summary>Writes a range of rows. Several threads may call it at once.</summary>
    /// <param name="writer">The file to write to.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <exception cref="ModelException">A value does not fit its type, or the file cannot be written.</exception>
    void Write(SafetensorsWriter writer, long first, int count);
}
