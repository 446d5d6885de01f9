using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Train.Output;

/// <summary>
/// A TensorBoard event file with scalars. It is a TFRecord file (length, its masked CRC-32C, data, masked CRC-32C of the data) whose records are protocol
/// buffers of the message Event.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _time;

    /// <summary>Creates a file in a folder. TensorBoard shows several files of a folder as one run.</summary>
    /// <exception cref="ModelException">It cannot be written.</exception>
    public EventFile(string folder, TimeProvider time)
    {
        _time = time;
        string path = Path.Combine(folder, $"events.out.tfevents.{time.GetUtcNow().ToUnixTimeSeconds()}.{Environment.MachineName}.{Environment.ProcessId}.0");
        try
        {
            Directory.CreateDirectory(folder);
            _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be written: {e.Message}", e);
        }

        MemoryStream record = Begin(step: 0);
        WriteBytes(record, 3, Encoding.UTF8.GetBytes("brain.Event:2"));
        WriteRecord(record);
    }

    /// <summary>Adds scalars of a step.</summary>
    public void Write(int step, params ReadOnlySpan<(string Tag, double Value)> scalars)
    {
        MemoryStream summary = new();
        Span<byte> number = stackalloc byte[4];
        foreach ((string tag, double value) in scalars)
        {
            MemoryStream entry = new();
            WriteBytes(entry, 1, Encoding.UTF8.GetBytes(tag));
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            WriteKey(entry, 2, wireType: 5);
            entry.Write(number);
            WriteBytes(summary, 1, entry.ToArray());
        }

        MemoryStream record = Begin(step);
        WriteBytes(record, 5, summary.ToArray());
        WriteRecord(record);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The checksum of TFRecord: a rotated CRC-32C plus a constant, so that checksums of data with checksums differ.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    private static void WriteKey(MemoryStream target, int field, int wireType) => WriteVarint(target, (ulong)((field << 3) | wireType));

    private static void WriteVarint(MemoryStream target, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            target.WriteByte((byte)(value | 0x80));
        }

        target.WriteByte((byte)value);
    }

    private static void WriteBytes(MemoryStream target, int field, byte[] bytes)
    {
        WriteKey(target, field, wireType: 2);
        WriteVarint(target, (ulong)bytes.Length);
        target.Write(bytes);
    }

    private MemoryStream Begin(int step)
    {
        MemoryStream record = new();
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(time, _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        WriteKey(record, 1, wireType: 1);
        record.Write(time);
        WriteKey(record, 2, wireType: 0);
        WriteVarint(record, (ulong)step);
        return record;
    }

    private void WriteRecord(MemoryStream record)
    {
        ReadOnlySpan<byte> data = record.GetBuffer().AsSpan(0, (int)record.Length);
        Span<byte> number = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(number[8..], MaskedCrc(number[..8]));
        _file.Write(number);
        _file.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(number, MaskedCrc(data));
        _file.Write(number[..4]);
        _file.Flush();
    }
}
