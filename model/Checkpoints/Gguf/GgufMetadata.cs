using System.Text;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>The key-value pairs at the beginning of a GGUF file, in the order in which they were added.</summary>
internal sealed class GgufMetadata
{
    // The numbers of the value types in the format.
    private const uint UnsignedType = 4, IntegerType = 5, FloatType = 6, TextType = 8, ArrayType = 9;

    private readonly List<(string Key, object Value)> _pairs = [];

    /// <summary>Number of pairs.</summary>
    public int Count => _pairs.Count;

    /// <summary>Adds a text.</summary>
    public void Add(string key, string value) => _pairs.Add((key, value));

    /// <summary>Adds a number that is not negative.</summary>
    public void Add(string key, int value) => _pairs.Add((key, checked((uint)value)));

    /// <summary>Adds a float32 number.</summary>
    public void Add(string key, float value) => _pairs.Add((key, value));

    /// <summary>Adds a list of texts.</summary>
    public void Add(string key, IReadOnlyList<string> value) => _pairs.Add((key, value));

    /// <summary>Adds a list of numbers.</summary>
    public void Add(string key, IReadOnlyList<int> value) => _pairs.Add((key, value));

    /// <summary>Writes all pairs.</summary>
    public void Write(BinaryWriter writer)
    {
        foreach ((string key, object value) in _pairs)
        {
            WriteText(writer, key);
            switch (value)
            {
                case uint number:
                    writer.Write(UnsignedType);
                    writer.Write(number);
                    break;
                case float number:
                    writer.Write(FloatType);
                    writer.Write(number);
                    break;
                case IReadOnlyList<string> texts:
                    WriteList(writer, TextType, texts, WriteText);
                    break;
                case IReadOnlyList<int> numbers:
                    WriteList(writer, IntegerType, numbers, static (to, number) => to.Write(number));
                    break;
                default:
                    writer.Write(TextType);
                    WriteText(writer, (string)value);
                    break;
            }
        }
    }

    private static void WriteList<T>(BinaryWriter writer, uint type, IReadOnlyList<T> list, Action<BinaryWriter, T> write)
    {
        writer.Write(ArrayType);
        writer.Write(type);
        writer.Write((ulong)list.Count);
        foreach (T item in list)
        {
            write(writer, item);
        }
    }

    /// <summary>Writes a text as GGUF stores it: the number of its bytes in UTF-8, and the bytes.</summary>
    public static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
