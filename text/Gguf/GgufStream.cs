using System.Buffers.Binary;
using System.Text;

namespace HunyuanOrleans.Gguf;

/// <summary>Reads the parts of a GGUF header from a file. Every length is compared with what is left of the file before anything is allocated.</summary>
internal sealed class GgufStream : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly byte[] _number = new byte[8];

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public GgufStream(string path)
    {
        _path = path;
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferBytes);
        Length = _file.Length;
    }

    /// <summary>Length of the file in bytes.</summary>
    public long Length { get; }

    /// <summary>Where the next read begins.</summary>
    public long Position
    {
        get => _file.Position;
        set => _file.Position = value;
    }

    /// <summary>Reads 32 bits.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Reads a 64-bit number that must not be negative.</summary>
    public long Int64(string what)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(Take(8));
        return value >= 0 ? value : throw Damaged($"{what} is {value}");
    }

    /// <summary>Reads a number of things that each take at least some bytes.</summary>
    public long Count(int leastBytes, string what)
    {
        long count = Int64($"the number of {what}");
        return count <= (Length - Position) / leastBytes ? count : throw Damaged($"it claims {count} {what}, which do not fit into it");
    }

    /// <summary>Reads a text.</summary>
    public string Text(long most = long.MaxValue)
    {
        long bytes = Int64("the length of a text");
        if (bytes > most || bytes > Length - Position || bytes > Array.MaxLength)
        {
            throw Damaged($"a text of {bytes} bytes does not fit into it");
        }

        byte[] text = new byte[bytes];
        _file.ReadExactly(text);
        return Encoding.UTF8.GetString(text);
    }

    /// <summary>Reads a value that is no list: a long, a double, a bool or a string; null if the type is unknown or a list.</summary>
    public object? Scalar(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => (long)Take(1)[0],
        GgufValueType.Int8 => (long)(sbyte)Take(1)[0],
        GgufValueType.UInt16 => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        GgufValueType.Int16 => (long)BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
        GgufValueType.UInt32 => (long)UInt32(),
        GgufValueType.Int32 => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        GgufValueType.UInt64 or GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Take(8)),
        GgufValueType.Float32 => (double)BinaryPrimitives.ReadSingleLittleEndian(Take(4)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8)),
        GgufValueType.Bool => Take(1)[0] != 0,
        GgufValueType.Text => Text(),
        _ => null,
    };

    /// <summary>Moves behind a list.</summary>
    public GgufArray SkipArray(string key)
    {
        GgufValueType type = (GgufValueType)UInt32();
        int size = SizeOf(type);
        if (size == 0)
        {
            throw Damaged($"key \"{key}\" is a list of type {(uint)type}, and lists of numbers and texts are allowed");
        }

        long count = Count(size, $"elements of \"{key}\"");
        GgufArray array = new(type, count, Position);
        if (type != GgufValueType.Text)
        {
            Position += count * size;
            return array;
        }

        for (long i = 0; i < count; i++)
        {
            long bytes = Int64("the length of a text");
            Position = bytes <= Length - Position ? Position + bytes : throw Damaged($"a text of \"{key}\" does not fit into it");
        }

        return array;
    }

    /// <summary>The error for a damaged file.</summary>
    public InvalidDataException Damaged(string what) => new($"{_path}: the GGUF file is damaged: {what}.");

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // Bytes of an element; of a text at least these.
    private static int SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 or GgufValueType.Text => 8,
        _ => 0,
    };

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > Length - Position)
        {
            throw Damaged("it ends within its header");
        }

        _file.ReadExactly(_number, 0, bytes);
        return _number.AsSpan(0, bytes);
    }
}
