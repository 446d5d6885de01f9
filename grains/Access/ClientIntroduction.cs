using System.Buffers;
using System.Buffers.Text;
using HunyuanOrleans.Contracts.Messages;
using Orleans.Serialization;

namespace HunyuanOrleans.Grains.Access;

/// <summary>What a client says about itself when it connects to a gateway, of which only the identity matters here.</summary>
internal static class ClientIntroduction
{
    /// <summary>Reads the client's identity.</summary>
    /// <param name="introduction">The serialised introduction.</param>
    /// <param name="serializer">Orleans' serializer.</param>
    /// <returns>The identity; default if there is none.</returns>
    public static GrainId Read(ReadOnlySequence<byte> introduction, Serializer serializer)
    {
        try
        {
            return serializer.Deserialize<GatewayPreamble>(introduction)?.Node ?? default;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Bytes that a client made up can fail in any codec. A client that cannot be read has no identity.
            return default;
        }
    }

    /// <summary>
    /// Says what is wrong with a client's identity. A client in a silo's process has a name that can be guessed, and a connection in that name would
    /// get its replies; other clients' names are random numbers.
    /// </summary>
    /// <param name="client">The identity.</param>
    /// <returns>The rest of a sentence that begins with "it"; null if nothing is wrong.</returns>
    public static string? Refuse(GrainId client) =>
        !client.IsDefault && client.Type == GrainTypePrefix.ClientGrainType
        && Utf8Parser.TryParse(client.Key.AsSpan(), out Guid _, out int read, 'N') && read == client.Key.AsSpan().Length
            ? null
            : "introduced itself with a name that is no client's";
}
