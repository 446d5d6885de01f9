using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Hosting;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>
/// Writes rows straight from their memory to a connection and reads them straight into memory of the pool. What is sent is the same as for an array of bytes,
/// so silos that have arrays there understand it.
/// </summary>
[RegisterSerializer]
public sealed class RowBytesCodec : IFieldCodec<RowBytes>
{
    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The memory was given back: the message is sent too late.</exception>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, RowBytes? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
        {
            return;
        }

        using (RowBytes.Reading reading = value.Read())
        {
            writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(RowBytes), WireType.LengthPrefixed);
            writer.WriteVarUInt32((uint)value.Length);
            for (int at = 0; at < value.Length;)
            {
                ReadOnlySpan<byte> piece = reading.From(at);
                writer.Write(piece);
                at += piece.Length;
            }
        }

        value.MarkWritten();
    }

    /// <inheritdoc/>
    /// <exception cref="GrainCallException">The length is beyond the end of the message or beyond the largest message. No memory was taken.</exception>
    public RowBytes? ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<RowBytes, TInput>(ref reader, field);
        }

        field.EnsureWireType(WireType.LengthPrefixed);
        uint length = reader.ReadVarUInt32();
        if (length > HunyuanSiloOptions.MaxMessageBytes || length > reader.Remaining)
        {
            throw new GrainCallException(
                $"{length} bytes of rows are announced in a message with {reader.Remaining} left; allowed: what the message has, at most {HunyuanSiloOptions.MaxMessageBytes}.");
        }

        RowBytes rows = RowBytes.AllocateReceived((int)length, RowPool.Shared);
        for (int at = 0; at < rows.Length;)
        {
            Span<byte> piece = rows.Writable(at);
            reader.ReadBytes(piece);
            at += piece.Length;
        }

        ReferenceCodec.RecordObject(reader.Session, rows);
        return rows;
    }
}

/// <summary>Shares rows between grains of one silo: they do not change.</summary>
[RegisterCopier]
public sealed class RowBytesCopier : IDeepCopier<RowBytes>
{
    /// <inheritdoc/>
    [return: NotNullIfNotNull(nameof(input))]
    public RowBytes? DeepCopy(RowBytes? input, CopyContext context) => input;
}
