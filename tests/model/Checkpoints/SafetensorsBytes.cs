using System.Buffers.Binary;
using System.Text;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Builds valid and invalid safetensors files byte by byte.</summary>
internal static class SafetensorsBytes
{
    public const string TwoTensors =
        """{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[16,24]}}""";

    public static byte[] Make(string header, int dataBytes) => Make(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] Make(byte[] header, int dataBytes)
    {
        var file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        for (int i = 0; i < dataBytes; i++)
        {
            file[8 + header.Length + i] = (byte)i;
        }

        return file;
    }
}
