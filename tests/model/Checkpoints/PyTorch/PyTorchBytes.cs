using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;

/// <summary>Writes files in the form of PyTorch's save: a zip file with a pickle of protocol 2 and one entry for each storage.</summary>
internal sealed class PyTorchBytes
{
    private readonly MemoryStream _pickle = new();
    private readonly Dictionary<string, byte[]> _storages = [];

    /// <summary>Text of the entry byteorder; null: no such entry.</summary>
    public string? ByteOrder { get; set; } = "little";

    /// <summary>How the entries are compressed.</summary>
    public CompressionLevel Compression { get; set; } = CompressionLevel.NoCompression;

    /// <summary>Name of the folder in the zip file.</summary>
    public string Prefix { get; set; } = "archive/";

    /// <summary>A file with the given tensors in an OrderedDict with module versions, as state_dict() gives them.</summary>
    public static PyTorchBytes OfTensors(params (string Name, string Class, int[] Shape, int[] Strides, int Offset, byte[] Storage)[] tensors)
    {
        PyTorchBytes file = new();
        file.Raw(0x80, 2).Global("collections", "OrderedDict").Raw(')', 'R', 'q', 0, '(');
        int index = 0;
        foreach ((string name, string type, int[] shape, int[] strides, int offset, byte[] storage) in tensors)
        {
            file.Text(name).Tensor(type, $"{index++}", storage, offset, shape, strides);
        }

        return file.Raw('u', '}').Text("_metadata").Raw('}', 's', 'b', '.');
    }

    /// <summary>Four float32 1, 2, 3, 4 as [2, 2], and two bfloat16.</summary>
    public static PyTorchBytes Example() => OfTensors(
        ("a.weight", "FloatStorage", [2, 2], [2, 1], 0, Floats(1, 2, 3, 4)),
        ("b", "BFloat16Storage", [2], [1], 1, [1, 0, 2, 0, 3, 0]));

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public PyTorchBytes Raw(params int[] bytes)
    {
        foreach (int b in bytes)
        {
            _pickle.WriteByte((byte)b);
        }

        return this;
    }

    public PyTorchBytes Global(string module, string name) => Raw([.. Encoding.UTF8.GetBytes($"c{module}\n{name}\n")]);

    public PyTorchBytes Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Raw('X').Int(bytes.Length).Raw([.. bytes]);
    }

    public PyTorchBytes Number(long value) => value == (int)value ? Raw('J').Int((int)value) : Raw(0x8a, 8).Raw([.. BitConverter.GetBytes(value)]);

    public PyTorchBytes Tensor(string type, string key, byte[] storage, long offset, int[] shape, int[] strides, long? elements = null)
    {
        int size = type switch { "FloatStorage" or "IntStorage" => 4, "DoubleStorage" or "LongStorage" => 8, "CharStorage" or "ByteStorage" or "BoolStorage" => 1, _ => 2 };
        _storages[key] = storage;
        Global("torch._utils", "_rebuild_tensor_v2").Raw('(', '(').Text("storage").Global("torch", type).Text(key).Text("cpu").Number(elements ?? storage.Length / size);
        Raw('t', 'Q').Number(offset).Numbers(shape).Numbers(strides).Raw(0x89);
        return Global("collections", "OrderedDict").Raw(')', 'R', 't', 'R');
    }

    public PyTorchBytes Numbers(int[] numbers)
    {
        Raw('(');
        foreach (int number in numbers)
        {
            Number(number);
        }

        return Raw('t');
    }

    public byte[] Write()
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Entry(zip, "data.pkl", _pickle.ToArray());
            if (ByteOrder is not null)
            {
                Entry(zip, "byteorder", Encoding.ASCII.GetBytes(ByteOrder));
            }

            foreach ((string key, byte[] bytes) in _storages)
            {
                Entry(zip, $"data/{key}", bytes);
            }

            Entry(zip, "version", "3\n"u8.ToArray());
        }

        return stream.ToArray();
    }

    private PyTorchBytes Int(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Raw([.. bytes]);
    }

    private void Entry(ZipArchive zip, string name, byte[] bytes)
    {
        using Stream entry = zip.CreateEntry(Prefix + name, Compression).Open();
        entry.Write(bytes);
    }
}
