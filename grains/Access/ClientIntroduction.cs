using System.Buffers;
using System.Buffers.Text;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.WireProtocol;

namespace HunyuanOrleans.Grains.Access;

/// <summary>What a client says about itself when it connects to a gateway: Orleans' ConnectionPreamble, of which only the identity matters here.</summary>
internal static class ClientIntroduction
{
    private const uint IdentityField = 1;

    /// <summary>Reads the client's identity.</summary>
    /// <param name="introduction">The serialised introduction.</param>
    /// <param name="sessions">Sessions for reading.</param>
    /// <returns>The identity; default if there is none.</returns>
    public static GrainId Read(ReadOnlySequence<byte> introduction, SerializerSessionPool sessions)
    {
        using SerializerSession session = sessions.GetSession();
        Reader<ReadOnlySequenceInput> reader = Reader.Create(introduction, session);
        try
        {
            reader.ReadFieldHeader();
            uint id = 0;
            for (Field field = reader.ReadFieldHeader(); !field.IsEndBaseOrEndObject; field = reader.ReadFieldHeader())
            {
                id += field.FieldIdDelta;
                if (id == IdentityField)
                {
                    return sessions.CodecProvider.GetCodec<GrainId>().ReadValue(ref reader, field);
                }

                reader.SkipField(field);
            }
        }
        catch (Exception fault) when (fault is SerializerException or InvalidOperationException or ArgumentException or OverflowException)
        {
            // A client that cannot be read has no identity.
        }

        return default;
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
