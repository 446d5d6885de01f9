using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Engine.Kv;

/// <summary>
/// Identifies the content of a full KV block by everything it depends on: its tokens, all tokens before them, and the request's salt.
/// The hash is the first 128 bits of SHA-256, so that nobody can craft a prompt that collides with another user's cached block.
/// </summary>
public static class BlockHash
{
    private const int DigestBytes = 32, HashBytes = 16;

    /// <summary>The hash that a sequence's first block is chained to.</summary>
    /// <param name="salt">Only requests with equal salts share cached blocks; null or empty is the salt shared by default.</param>
    /// <param name="adapter">
    /// SHA-256 of the adapter that computes keys and values, in hexadecimal digits; null (default): none. It takes the place of a block before the first one.
    /// It is shorter than any block, so that no tokens give the same hash.
    /// </param>
    public static UInt128 Root(string? salt, string? adapter = null) =>
        adapter is null ? Root(salt) : Next(Root(salt), MemoryMarshal.Cast<byte, int>(Convert.FromHexString(adapter)));

    private static UInt128 Root(string? salt)
    {
        if (string.IsNullOrEmpty(salt))
        {
            return UInt128.Zero;
        }

        Span<byte> digest = stackalloc byte[DigestBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(salt), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    /// <summary>The hash of a block, from the hash of the block before it and its own tokens.</summary>
    /// <param name="parent">Hash of the block before it, or the root for the first block.</param>
    /// <param name="tokens">The tokens of one full block.</param>
    public static UInt128 Next(UInt128 parent, ReadOnlySpan<int> tokens)
    {
        // Blocks usually have 32 positions (128 bytes); only unusually large blocks need a heap buffer.
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(tokens);
        Span<byte> message = bytes.Length <= 1024 ? stackalloc byte[HashBytes + bytes.Length] : new byte[HashBytes + bytes.Length];
        BinaryPrimitives.WriteUInt128LittleEndian(message, parent);
        bytes.CopyTo(message[HashBytes..]);
        Span<byte> digest = stackalloc byte[DigestBytes];
        SHA256.HashData(message, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
