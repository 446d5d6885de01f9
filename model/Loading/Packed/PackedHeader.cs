using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// The head of a packed copy: magic, sizes, the SHA-256 of the head, the <see cref="PackedKey"/>, and a checksum for each 4 MB of the
/// body behind it. It does not know the files.
/// </summary>
/// <param name="Key">What the copy was made of.</param>
/// <param name="BodyBytes">Length of the body.</param>
/// <param name="Checksums">Checksums of the body's chunks.</param>
internal sealed record PackedHeader(string Key, long BodyBytes, ulong[] Checksums)
{
    // Large pages of the page cache are 2 MiB of the file, so a body that starts on one is mapped in whole ones.
    private const int BodyAlignment = 2 << 20;
    private const int HeadAt = 8;
    private const int BodyAt = 16;
    private const int KeyAt = 24;
    private const int DigestAt = 32;
    private const int FixedBytes = 64;
    private const int MostHeadBytes = 1 << 28;
    private static ReadOnlySpan<byte> Magic => "HYPACK01"u8;

    /// <summary>Bytes of the head without the padding behind it.</summary>
    public int HeadBytes => FixedBytes + Encoding.UTF8.GetByteCount(Key) + (Checksums.Length * sizeof(ulong));

    /// <summary>Where the body begins in the file.</summary>
    public long BodyOffset => BodyStart(HeadBytes);

    /// <summary>Length of the whole file.</summary>
    public long FileBytes => BodyOffset + BodyBytes;

    public byte[] ToBytes()
    {
        byte[] head = new byte[HeadBytes];
        Span<byte> span = head;
        Magic.CopyTo(span);
        BinaryPrimitives.WriteInt64LittleEndian(span[HeadAt..], head.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[BodyAt..], BodyBytes);
        int key = Encoding.UTF8.GetBytes(Key, span[FixedBytes..]);
        BinaryPrimitives.WriteInt64LittleEndian(span[KeyAt..], key);
        for (int i = 0; i < Checksums.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(span[(FixedBytes + key + (i * sizeof(ulong)))..], Checksums[i]);
        }

        // The digest covers itself as zeros.
        SHA256.HashData(head).CopyTo(span[DigestAt..]);
        return head;
    }

    /// <summary>Reads a head; on damage gives null and says what is wrong with the file ("it …").</summary>
    /// <param name="start">Gives the first bytes of the file, as many as asked for.</param>
    /// <param name="fileBytes">Length of the file.</param>
    /// <param name="fault">What is wrong.</param>
    public static PackedHeader? Read(Func<int, byte[]> start, long fileBytes, out string fault)
    {
        fault = "it is not a packed copy";
        if (fileBytes < FixedBytes)
        {
            return null;
        }

        byte[] head = start(FixedBytes);
        long headBytes = BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(HeadAt));
        long bodyBytes = BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(BodyAt));
        long keyBytes = BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(KeyAt));
        if (!head.AsSpan().StartsWith(Magic))
        {
            return null;
        }

        fault = "its header is damaged";
        if (headBytes is < FixedBytes or > MostHeadBytes || headBytes > fileBytes || keyBytes < 0 || keyBytes > headBytes - FixedBytes)
        {
            return null;
        }

        head = start((int)headBytes);
        byte[] digest = head.AsSpan(DigestAt, SHA256.HashSizeInBytes).ToArray();
        head.AsSpan(DigestAt, SHA256.HashSizeInBytes).Clear();
        int hashes = (int)((headBytes - FixedBytes - keyBytes) / sizeof(ulong));
        if (!SHA256.HashData(head).AsSpan().SequenceEqual(digest) || hashes != ChunkChecksums.Count(bodyBytes))
        {
            return null;
        }

        long expected = BodyStart((int)headBytes) + bodyBytes;
        if (expected != fileBytes)
        {
            fault = $"it has {fileBytes} bytes instead of {expected}";
            return null;
        }

        ulong[] values = new ulong[hashes];
        for (int i = 0; i < hashes; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(FixedBytes + (int)keyBytes + (i * sizeof(ulong))));
        }

        return new PackedHeader(Encoding.UTF8.GetString(head, FixedBytes, (int)keyBytes), bodyBytes, values);
    }

    private static long BodyStart(int headBytes) => ((long)headBytes + BodyAlignment - 1) / BodyAlignment * BodyAlignment;
}
