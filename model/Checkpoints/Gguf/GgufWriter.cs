using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Writes GGUF files of version 3. It knows the format, not what llama.cpp expects in a file.</summary>
internal static class GgufWriter
{
    /// <summary>Every tensor begins at a multiple of this number of bytes after the beginning of the data.</summary>
    public const int Alignment = 32;

    private const uint Magic = 0x46554747;
    private const uint Version = 3;

    // Rows are encoded in pieces of about this size, which all cores share.
    private const int PieceBytes = 16 << 20;

    /// <summary>Writes a file.</summary>
    /// <param name="stream">Receives the file from its current position, which must be 0.</param>
    /// <param name="metadata">The key-value pairs.</param>
    /// <param name="tensors">The tensors, in the order of their data.</param>
    /// <param name="progress">Called with the written and the total bytes of tensors; may be null.</param>
    /// <param name="cancellationToken">Checked between pieces.</param>
    public static void Write(
        Stream stream,
        GgufMetadata metadata,
        IReadOnlyList<GgufTensor> tensors,
        Action<long, long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using BinaryWriter writer = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        metadata.Write(writer);
        long offset = 0;
        foreach (GgufTensor tensor in tensors)
        {
            GgufMetadata.WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Dimensions.Length);
            foreach (long size in tensor.Dimensions)
            {
                writer.Write((ulong)size);
            }

            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset = Aligned(offset + tensor.Bytes);
        }

        writer.Flush();
        long total = tensors.Sum(static tensor => tensor.Bytes), done = 0;
        foreach (GgufTensor tensor in tensors)
        {
            Pad(stream);
            foreach (RowSource matrix in tensor.Matrices)
            {
                cancellationToken.ThrowIfCancellationRequested();
                WriteRows(stream, tensor, matrix);
                done += tensor.Bytes / tensor.Matrices.Length;
                progress?.Invoke(done, total);
            }
        }

        Pad(stream);
    }

    private static void WriteRows(Stream stream, GgufTensor tensor, RowSource matrix)
    {
        // A vector is one row of the file, and a column of the checkpoint.
        if (tensor.Dimensions.Length == 1)
        {
            byte[] bytes = new byte[tensor.RowBytes];
            GgufEncoder.Encode(tensor.Type, matrix.ToSingles(), bytes);
            stream.Write(bytes);
            return;
        }

        int rowBytes = tensor.RowBytes;
        int rows = Math.Max(1, PieceBytes / rowBytes);
        byte[] piece = new byte[Math.Min(rows, matrix.Rows) * rowBytes];
        for (int first = 0; first < matrix.Rows; first += rows)
        {
            int start = first;
            int count = Math.Min(rows, matrix.Rows - first);
            Parallel.For(0, count, () => new float[tensor.Columns], (row, _, values) =>
            {
                Span<byte> target = piece.AsSpan(row * rowBytes, rowBytes);
                if (tensor.Type == GgufType.BF16 && matrix.ElementType == ElementType.BF16)
                {
                    matrix.Row(start + row).CopyTo(target);
                }
                else
                {
                    matrix.ReadRow(start + row, values);
                    GgufEncoder.Encode(tensor.Type, values, target);
                }

                return values;
            }, static _ => { });
            stream.Write(piece, 0, count * rowBytes);
        }
    }

    private static void Pad(Stream stream) => stream.Write(new byte[Aligned(stream.Position) - stream.Position]);

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;
}
