using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// A digest of a checkpoint that is cheap enough for every start: SHA-256 over name, type, shape and bytes of every tensor, in the order of their names.
/// Of a small checkpoint all bytes count, of a large one a sample of each tensor: two checkpoints that were trained differently differ in every tensor.
/// The division into files does not count. Hazard: a change of single values within a large tensor may go unnoticed.
/// </summary>
internal static class WeightDigest
{
    /// <summary>All bytes count if the files have at most this size; reading them takes a fraction of a second.</summary>
    private const long WholeBelow = 256L << 20;

    // A read of a disk costs the same for any length up to a page. The first and last page are among the pieces: truncation and padding show there.
    private const int PieceBytes = 4096, Pieces = 4, WholeBytes = 1 << 20;

    // Disks and network mounts answer many small reads at once, and one after the other they would take minutes for a large checkpoint.
    private const int ConcurrentReads = 32;

    /// <summary>Computes the digest of a model folder.</summary>
    /// <exception cref="ModelException">The checkpoint is missing, damaged or unreadable.</exception>
    public static string Of(string directory)
    {
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        return Of(checkpoint, checkpoint.FileBytes <= WholeBelow);
    }

    /// <summary>Computes the digest of all bytes of a checkpoint, or of a sample.</summary>
    public static string Of(Checkpoint checkpoint, bool whole)
    {
        TensorView[] tensors = [.. checkpoint.Tensors.OrderBy(static tensor => tensor.Name, StringComparer.Ordinal)];
        byte[][] digests = new byte[tensors.Length][];
        try
        {
            Parallel.For(0, tensors.Length, new ParallelOptions { MaxDegreeOfParallelism = ConcurrentReads }, i => digests[i] = OfTensor(tensors[i], whole));
        }
        catch (AggregateException several) when (several.InnerExceptions[0] is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{checkpoint.Source}: the weights cannot be read: {several.InnerExceptions[0].Message}", several.InnerExceptions[0]);
        }

        using IncrementalHash all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] digest in digests)
        {
            all.AppendData(digest);
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    private static byte[] OfTensor(TensorView tensor, bool whole)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name}\n{tensor.StoredType.Name()}\n{tensor.ShapeText}\n"));
        long length = tensor.ByteLength;
        byte[] buffer = new byte[(int)Math.Min(length, whole ? WholeBytes : PieceBytes)];
        if (whole || length <= PieceBytes * Pieces)
        {
            for (long at = 0; at < length; at += buffer.Length)
            {
                Append(hash, tensor, at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)));
            }
        }
        else
        {
            for (int piece = 0; piece < Pieces; piece++)
            {
                Append(hash, tensor, (length - PieceBytes) * piece / (Pieces - 1), buffer);
            }
        }

        return hash.GetHashAndReset();
    }

    // Through the file and not through its mapping: a page fault reads far more than the piece.
    private static void Append(IncrementalHash hash, TensorView tensor, long offset, Span<byte> buffer)
    {
        Span<byte> rest = buffer;
        for (long at = tensor.FileOffset + offset; rest.Length > 0;)
        {
            int read = RandomAccess.Read(tensor.FileHandle, rest, at);
            if (read == 0)
            {
                throw new EndOfStreamException($"{tensor.File} ends within tensor \"{tensor.Name}\".");
            }

            at += read;
            rest = rest[read..];
        }

        hash.AppendData(buffer);
    }
}
