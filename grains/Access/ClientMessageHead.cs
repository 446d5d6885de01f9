using System.Buffers;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;

namespace HunyuanOrleans.Grains.Access;

/// <summary>
/// The head of a message as Orleans sends it: flags, number, source and target, then what is of no interest here. Orleans' MessageSerializer writes it.
/// </summary>
internal static class ClientMessageHead
{
    private const string Unreadable = "sent a message that cannot be read";

    // Bits of the flags.
    private const int DirectionShift = 16;
    private const uint DirectionMask = 0xF, Request = 1, OneWay = 3, CacheUpdates = 1 << 7;

    // Far longer than the names of models and silos that keys are made of.
    private const int MaxIdBytes = 1024;

    /// <summary>Says why a message cannot come from a client.</summary>
    /// <param name="head">The head.</param>
    /// <param name="client">The client of the connection.</param>
    /// <returns>The rest of a sentence that begins with "it"; null for a message that a client sends.</returns>
    public static string? Refuse(ReadOnlySequence<byte> head, GrainId client)
    {
        try
        {
            return Check(head, client);
        }
        catch (Exception fault) when (fault is SerializerException or InvalidOperationException or ArgumentException or OverflowException)
        {
            return Unreadable;
        }
    }

    private static string? Check(ReadOnlySequence<byte> head, GrainId client)
    {
        // No session: the fields are numbers and bytes.
        Reader<ReadOnlySequenceInput> reader = Reader.Create(head, null!);
        Span<byte> memory = stackalloc byte[MaxIdBytes];
        uint flags = reader.ReadUInt32();
        reader.ReadInt64();
        if (!TryReadId(ref reader, memory, out int length) || !memory[..length].SequenceEqual(client.Type.AsSpan())
            || !TryReadId(ref reader, memory, out length) || !IsKeyOf(memory[..length], client.Key.AsSpan()))
        {
            return "sent a message in the name of another";
        }

        if (!TryReadId(ref reader, memory, out length) || memory[..length].StartsWith(GrainTypePrefix.ClientPrefixBytes.Span) || !TryReadId(ref reader, memory, out length))
        {
            return "sent a message to another client";
        }

        // Replies would be for calls that silos make of clients, which there are none of. Updates would change the silo's knowledge of where grains are.
        return (flags >> DirectionShift & DirectionMask) is Request or OneWay && (flags & CacheUpdates) == 0 ? null : "sent what only silos send";
    }

    // An object of the client that others may call has the client's key, a plus sign and a number.
    private static bool IsKeyOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> client) =>
        key.StartsWith(client) && (key.Length == client.Length || key[client.Length] == (byte)'+');

    // The sender also writes a hash, which Orleans believes: with another one, the silos would look for the same grain in another place.
    private static bool TryReadId(ref Reader<ReadOnlySequenceInput> reader, scoped Span<byte> memory, out int length)
    {
        length = (int)Math.Min(reader.ReadVarUInt32(), int.MaxValue);
        if (length == 0)
        {
            return true;
        }

        int hash = reader.ReadInt32();
        if (length > memory.Length)
        {
            return false;
        }

        reader.ReadBytes(memory[..length]);
        return (int)StableHash.ComputeHash(memory[..length]) == hash;
    }
}
