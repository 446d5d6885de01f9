using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Name, type and shape of a tensor to write.</summary>
/// <param name="Name">Name, unique within the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes of the dimensions, outermost first.</param>
public sealed record TensorSpec(string Name, StoredType Type, long[] Shape)
{
    /// <summary>Size of the tensor in bytes.</summary>
    public long ByteLength => Shape.Aggregate((long)Type.Size(), (product, size) => checked(product * size));
}

/// <summary>
/// Writes one safetensors file: first the header, then parts of tensors in any order and from any thread, so that memory use does not
/// depend on the size of the file. The data is written to a temporary file, which <see cref="Complete"/> renames. Without
/// <see cref="Complete"/>, disposing deletes the temporary file.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    // As in the reference implementation, the header is padded so that the data starts at a multiple of 8.
    private const int Alignment = 8;

    private readonly string _path;
    private readonly string _partial;
    private readonly SafeFileHandle _handle;
    private readonly Dictionary<string, (long Start, long Length)> _places = new(StringComparer.Ordinal);
    private readonly long _dataBytes;
    private long _written;
    private bool _complete;

    /// <summary>Creates the temporary file and writes its header.</summary>
    /// <exception cref="ModelException">The file cannot be created, or a name appears twice.</exception>
    public SafetensorsWriter(string path, IReadOnlyList<TensorSpec> tensors)
    {
        _path = path;
        _partial = path + ".part";
        byte[] header = Header(path, tensors);
        long at = header.Length;
        foreach (TensorSpec tensor in tensors)
        {
            _places.Add(tensor.Name, (at, tensor.ByteLength));
            at += tensor.ByteLength;
        }

        _dataBytes = at - header.Length;
        try
        {
            _handle = File.OpenHandle(_partial, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: at);
            RandomAccess.Write(_handle, header, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_handle is not null)
            {
                _handle.Dispose();
                File.Delete(_partial);
            }

            throw new ModelException($"{_path}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Writes a part of a tensor. Each byte must be written exactly once. Several threads may call it at once.</summary>
    /// <exception cref="ModelException">The disk is full or the file cannot be written.</exception>
    public void Write(string tensor, long offset, ReadOnlySpan<byte> bytes)
    {
        (long start, long length) = _places[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, length - bytes.Length);
        try
        {
            RandomAccess.Write(_handle, bytes, start + offset);
        }
        catch (IOException e)
        {
            throw new ModelException($"{_path}: cannot be written: {e.Message}", e);
        }

        Interlocked.Add(ref _written, bytes.Length);
    }

    /// <summary>Closes the file and renames it to its final name, replacing an existing file atomically.</summary>
    /// <exception cref="InvalidOperationException">The number of written bytes does not match the tensors.</exception>
    public void Complete()
    {
        if (_written != _dataBytes)
        {
            throw new InvalidOperationException($"{_path}: {_written} of {_dataBytes} bytes were written.");
        }

        _handle.Dispose();
        File.Move(_partial, _path, overwrite: true);
        _complete = true;
    }

    /// <summary>Deletes the temporary file unless it was completed.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        if (!_complete)
        {
            File.Delete(_partial);
        }
    }

    private static byte[] Header(string path, IReadOnlyList<TensorSpec> tensors)
    {
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[sizeof(ulong)]);
        var names = new HashSet<string>(StringComparer.Ordinal);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long at = 0;
            foreach (TensorSpec tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ModelException($"{path}: tensor \"{tensor.Name}\" is given twice; allowed: each name once.");
                }

                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.Name());
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [at, at + tensor.ByteLength]);
                json.WriteEndObject();
                at += tensor.ByteLength;
            }

            json.WriteEndObject();
        }

        while (stream.Length % Alignment != 0)
        {
            stream.WriteByte((byte)' ');
        }

        byte[] header = stream.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - sizeof(ulong)));
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
