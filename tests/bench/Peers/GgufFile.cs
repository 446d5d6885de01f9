using System.Text;

namespace HunyuanOrleans.Bench.Tests.Peers;

/// <summary>Reads a GGUF file whose metadata are numbers and texts.</summary>
internal sealed class GgufFile
{
    private readonly byte[] _bytes;
    private readonly long _dataStart;

    public GgufFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        using BinaryReader reader = new(new MemoryStream(_bytes));
        Header = (Encoding.ASCII.GetString(reader.ReadBytes(4)), reader.ReadUInt32());
        ulong tensors = reader.ReadUInt64();
        ulong pairs = reader.ReadUInt64();
        for (ulong i = 0; i < pairs; i++)
        {
            string key = Text(reader);
            Metadata.Add(key, reader.ReadUInt32() switch
            {
                4 => reader.ReadUInt32(),
                6 => reader.ReadSingle(),
                8 => Text(reader),
                uint other => throw new InvalidDataException($"{key} has the type {other}."),
            });
        }

        for (ulong i = 0; i < tensors; i++)
        {
            string name = Text(reader);
            long[] dimensions = new long[reader.ReadUInt32()];
            for (int d = 0; d < dimensions.Length; d++)
            {
                dimensions[d] = (long)reader.ReadUInt64();
            }

            Tensors.Add(name, (dimensions, reader.ReadUInt32(), (long)reader.ReadUInt64()));
        }

        _dataStart = (reader.BaseStream.Position + 31) / 32 * 32;
    }

    public (string Magic, uint Version) Header { get; }

    public Dictionary<string, object> Metadata { get; } = [];

    public Dictionary<string, (long[] Dimensions, uint Type, long Offset)> Tensors { get; } = [];

    public ReadOnlySpan<byte> Data(string tensor, int start, int length) => _bytes.AsSpan((int)(_dataStart + Tensors[tensor].Offset) + start, length);

    private static string Text(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));
}
