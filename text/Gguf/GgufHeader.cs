namespace HunyuanOrleans.Gguf;

/// <summary>The types of values in the metadata of a GGUF file, with the numbers that the format gives them.</summary>
internal enum GgufValueType : uint
{
    /// <summary>8 bits without a sign.</summary>
    UInt8,

    /// <summary>8 bits with a sign.</summary>
    Int8,

    /// <summary>16 bits without a sign.</summary>
    UInt16,

    /// <summary>16 bits with a sign.</summary>
    Int16,

    /// <summary>32 bits without a sign.</summary>
    UInt32,

    /// <summary>32 bits with a sign.</summary>
    Int32,

    /// <summary>float32.</summary>
    Float32,

    /// <summary>A byte, 0 or 1.</summary>
    Bool,

    /// <summary>The length in bytes as 64 bits, and UTF-8.</summary>
    Text,

    /// <summary>The type of the elements, their number as 64 bits, and the elements.</summary>
    Array,

    /// <summary>64 bits without a sign.</summary>
    UInt64,

    /// <summary>64 bits with a sign.</summary>
    Int64,

    /// <summary>float64.</summary>
    Float64,
}

/// <summary>A list in the metadata, which stays in the file until it is asked for.</summary>
/// <param name="Type">The type of the elements.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Offset">Offset of the first element in the file.</param>
internal readonly record struct GgufArray(GgufValueType Type, long Count, long Offset);

/// <summary>A tensor as the header describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dimensions">Sizes of the dimensions, innermost first.</param>
/// <param name="Type">The number of its element type.</param>
/// <param name="Offset">Offset of its data after <see cref="GgufHeader.DataOffset"/>.</param>
internal readonly record struct GgufTensorInfo(string Name, long[] Dimensions, uint Type, long Offset);

/// <summary>
/// The header of a GGUF file: metadata and descriptions of tensors. Reading takes memory in proportion to the bytes that are there, whatever lengths the
/// file claims, and leaves lists in the file. It does not know what keys and tensors mean.
/// Format: ggml's docs/gguf.md, versions 2 and 3.
/// </summary>
internal sealed class GgufHeader
{
    private const uint Magic = 0x46554747;
    private const int MaxDimensions = 4, MaxKeyBytes = 65535, DefaultAlignment = 32, MaxAlignment = 1 << 20;

    // As many as the largest vocabulary that is allowed has tokens.
    private const int MaxListed = 1 << 24;

    // The shortest pair has a key, a type and a byte; the shortest description a name, a count, a type and an offset.
    private const int LeastPairBytes = 8 + 4 + 1, LeastTensorBytes = 8 + 4 + 4 + 8;

    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    private GgufHeader(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public List<GgufTensorInfo> Tensors { get; } = [];

    /// <summary>Offset of the data of tensors in the file.</summary>
    public long DataOffset { get; private set; }

    /// <summary>The offset of every tensor is a multiple of this number of bytes.</summary>
    public int Alignment { get; private set; } = DefaultAlignment;

    /// <summary>Reads the header of a file.</summary>
    /// <exception cref="InvalidDataException">The file is no GGUF file, damaged, or of another version; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static GgufHeader Read(string path)
    {
        using GgufStream stream = new(path);
        GgufHeader header = new(path);
        if (stream.Length < 24 || stream.UInt32() != Magic)
        {
            throw new InvalidDataException($"{path}: the file does not begin as a GGUF file does; allowed: a GGUF file.");
        }

        uint version = stream.UInt32();
        if (version is not (2 or 3))
        {
            throw new InvalidDataException($"{path}: the file has version {version} of GGUF; allowed: 2 and 3, little-endian.");
        }

        long tensors = stream.Count(LeastTensorBytes, "tensors"), pairs = stream.Count(LeastPairBytes, "keys");
        for (long i = 0; i < pairs; i++)
        {
            header.ReadPair(stream);
        }

        header.ReadAlignment();
        for (long i = 0; i < tensors; i++)
        {
            header.Tensors.Add(ReadTensor(stream));
        }

        header.DataOffset = (stream.Position + header.Alignment - 1) / header.Alignment * header.Alignment;
        return header;
    }

    /// <summary>A text; null if the key is not there.</summary>
    public string? Text(string key) => _values.TryGetValue(key, out object? value)
        ? value as string ?? throw Wrong(key, "a text")
        : null;

    /// <summary>A whole number; null if the key is not there.</summary>
    public long? Integer(string key) => _values.TryGetValue(key, out object? value)
        ? value as long? ?? throw Wrong(key, "a whole number")
        : null;

    /// <summary>A finite number; null if the key is not there.</summary>
    public double? Number(string key) => _values.TryGetValue(key, out object? value)
        ? (value as double? ?? value as long?) is { } number && double.IsFinite(number) ? number : throw Wrong(key, "a finite number")
        : null;

    /// <summary>A list of texts; null if the key is not there.</summary>
    public string[]? Texts(string key)
    {
        if (!_values.TryGetValue(key, out object? value))
        {
            return null;
        }

        GgufArray array = value is GgufArray { Type: GgufValueType.Text } found ? found : throw Wrong(key, "a list of texts");
        using GgufStream stream = new(Path) { Position = array.Offset };
        string[] texts = new string[Length(key, array)];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = stream.Text();
        }

        return texts;
    }

    /// <summary>A list of whole numbers; null if the key is not there. A single number counts as a list of one.</summary>
    public long[]? Integers(string key)
    {
        if (!_values.TryGetValue(key, out object? value))
        {
            return null;
        }

        if (value is long one)
        {
            return [one];
        }

        GgufArray array = value is GgufArray { Type: not (GgufValueType.Text or GgufValueType.Float32 or GgufValueType.Float64) } found
            ? found
            : throw Wrong(key, "a list of whole numbers");
        using GgufStream stream = new(Path) { Position = array.Offset };
        long[] numbers = new long[Length(key, array)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = stream.Scalar(array.Type) switch
            {
                long number => number,
                bool flag => flag ? 1 : 0,
                _ => throw Wrong(key, "a list of whole numbers"),
            };
        }

        return numbers;
    }

    // An element takes more memory than it has bytes in the file.
    private int Length(string key, GgufArray array) => array.Count <= MaxListed
        ? (int)array.Count
        : throw Damaged($"key \"{key}\" has {array.Count} elements; allowed: at most {MaxListed}");

    private void ReadPair(GgufStream stream)
    {
        string key = stream.Text(MaxKeyBytes);
        GgufValueType type = (GgufValueType)stream.UInt32();
        object value = type == GgufValueType.Array
            ? stream.SkipArray(key)
            : stream.Scalar(type) ?? throw Damaged($"key \"{key}\" has the unknown type {(uint)type}");
        if (!_values.TryAdd(key, value))
        {
            throw Damaged($"key \"{key}\" appears twice");
        }
    }

    private void ReadAlignment()
    {
        if (Integer("general.alignment") is { } alignment)
        {
            Alignment = alignment is >= 8 and <= MaxAlignment && IsPowerOfTwo(alignment)
                ? (int)alignment
                : throw Damaged($"general.alignment is {alignment}, and powers of two from 8 to {MaxAlignment} are allowed");
        }
    }

    private static bool IsPowerOfTwo(long value) => (value & (value - 1)) == 0;

    private static GgufTensorInfo ReadTensor(GgufStream stream)
    {
        string name = stream.Text(MaxKeyBytes);
        uint dimensions = stream.UInt32();
        if (dimensions is 0 or > MaxDimensions)
        {
            throw stream.Damaged($"tensor \"{name}\" has {dimensions} dimensions, and 1 to {MaxDimensions} are allowed");
        }

        long[] sizes = new long[dimensions];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = stream.Int64($"a size of tensor \"{name}\"");
        }

        return new GgufTensorInfo(name, sizes, stream.UInt32(), stream.Int64($"the offset of tensor \"{name}\""));
    }

    private InvalidDataException Damaged(string what) => new($"{Path}: the GGUF file is damaged: {what}.");

    private InvalidDataException Wrong(string key, string allowed) => new($"{Path}: key \"{key}\" has another type or value; allowed: {allowed}.");
}
