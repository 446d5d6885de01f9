using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// Names the content of a full KV block by everything it depends on: its tokens, all tokens before them, and the salt of the
/// conversation. The first 128 bits of SHA-256, so that nobody can craft a prompt that meets another user's cached block.
/// </summary>
public static class BlockHash
{
    private const int DigestBytes = 32, HashBytes = 16;

    /// <summary>The start of a chain.</summary>
    /// <param name="salt">Requests share cached blocks only with requests of the same salt; null is the common one.</param>
    public static UInt128 Root(string? salt)
    {
        if (string.IsNullOrEmpty(salt))
        {
            return UInt128.Zero;
        }

        Span<byte> digest = stackalloc byte[DigestBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(salt), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    /// <summary>The next link: a block's hash from that of the block before it and its own tokens.</summary>
    /// <param name="parent">Hash of the block before, or the root.</param>
    /// <param name="tokens">The tokens of one full block.</param>
    public static UInt128 Next(UInt128 parent, ReadOnlySpan<int> tokens)
    {
        // 32 positions per block are usual; larger blocks than fit the stack buffer are not expected.
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(tokens);
        Span<byte> message = bytes.Length <= 1024 ? stackalloc byte[HashBytes + bytes.Length] : new byte[HashBytes + bytes.Length];
        BinaryPrimitives.WriteUInt128LittleEndian(message, parent);
        bytes.CopyTo(message[HashBytes..]);
        Span<byte> digest = stackalloc byte[DigestBytes];
        SHA256.HashData(message, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
