using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// The header of a packed copy: magic, sizes, the SHA-256 of the header, the <see cref="PackedKey"/>, and a checksum for each 4 MB of
/// the body that follows.
/// </summary>
/// <param name="Key">The key of the copied weights.</param>
/// <param name="BodyBytes">Length of the body in bytes.</param>
/// <param name="Checksums">Checksums of the body's chunks.</param>
internal sealed record PackedHeader(string Key, long BodyBytes, ulong[] Checksums)
{
    // Large pages of the page cache cover 2 MiB of the file, so a body that is aligned to 2 MiB can be mapped in large pages.
    private const int BodyAlignment = 2 << 20;
    private const int HeaderBytesAt = 8;
    private const int BodyBytesAt = 16;
    private const int KeyBytesAt = 24;
    private const int DigestAt = 32;
    private const int FixedBytes = 64;
    private const int MaxHeaderBytes = 1 << 28;
    private static ReadOnlySpan<byte> Magic => "HYPACK01"u8;

    /// <summary>Length of the header in bytes, without the padding that follows.</summary>
    public int HeaderBytes => FixedBytes + Encoding.UTF8.GetByteCount(Key) + (Checksums.Length * sizeof(ulong));

    /// <summary>Offset of the body in the file.</summary>
    public long BodyOffset => BodyStart(HeaderBytes);

    /// <summary>Length of the whole file in bytes.</summary>
    public long FileBytes => BodyOffset + BodyBytes;

    public byte[] ToBytes()
    {
        byte[] header = new byte[HeaderBytes];
        Span<byte> span = header;
        Magic.CopyTo(span);
        BinaryPrimitives.WriteInt64LittleEndian(span[HeaderBytesAt..], header.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[BodyBytesAt..], BodyBytes);
        int key = Encoding.UTF8.GetBytes(Key, span[FixedBytes..]);
        BinaryPrimitives.WriteInt64LittleEndian(span[KeyBytesAt..], key);
        for (int i = 0; i < Checksums.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(span[(FixedBytes + key + (i * sizeof(ulong)))..], Checksums[i]);
        }

        // The digest's own bytes count as zeros.
        SHA256.HashData(header).CopyTo(span[DigestAt..]);
        return header;
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="start">Returns the given number of bytes from the beginning of the file.</param>
    /// <param name="fileBytes">Length of the file in bytes.</param>
    /// <param name="fault">If the result is null, says what is wrong with the file, as the end of a sentence: "it is …".</param>
    /// <returns>The header; null if the file is damaged or is no packed copy.</returns>
    public static PackedHeader? Read(Func<int, byte[]> start, long fileBytes, out string fault)
    {
        fault = "it is not a packed copy";
        if (fileBytes < FixedBytes)
        {
            return null;
        }

        byte[] header = start(FixedBytes);
        long headerBytes = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(HeaderBytesAt));
        long bodyBytes = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(BodyBytesAt));
        long keyBytes = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(KeyBytesAt));
        if (!header.AsSpan().StartsWith(Magic))
        {
            return null;
        }

        fault = "its header is damaged";
        if (headerBytes is < FixedBytes or > MaxHeaderBytes || headerBytes > fileBytes || keyBytes < 0 || keyBytes > headerBytes - FixedBytes)
        {
            return null;
        }

        header = start((int)headerBytes);
        byte[] digest = header.AsSpan(DigestAt, SHA256.HashSizeInBytes).ToArray();
        header.AsSpan(DigestAt, SHA256.HashSizeInBytes).Clear();
        int checksums = (int)((headerBytes - FixedBytes - keyBytes) / sizeof(ulong));
        if (!SHA256.HashData(header).AsSpan().SequenceEqual(digest) || checksums != ChunkChecksums.Count(bodyBytes))
        {
            return null;
        }

        long expected = BodyStart((int)headerBytes) + bodyBytes;
        if (expected != fileBytes)
        {
            fault = $"it has {fileBytes} bytes instead of {expected}";
            return null;
        }

        ulong[] values = new ulong[checksums];
        for (int i = 0; i < checksums; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(FixedBytes + (int)keyBytes + (i * sizeof(ulong))));
        }

        return new PackedHeader(Encoding.UTF8.GetString(header, FixedBytes, (int)keyBytes), bodyBytes, values);
    }

    private static long BodyStart(int headerBytes) => ((long)headerBytes + BodyAlignment - 1) / BodyAlignment * BodyAlignment;
}
