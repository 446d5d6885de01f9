using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name, once per file.</param>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Shape">Sizes of its dimensions.</param>
public sealed record TensorSpec(string Name, StoredType Type, long[] Shape)
{
    /// <summary>Bytes of all elements.</summary>
    public long ByteLength => Shape.Aggregate((long)Type.Size(), (product, size) => checked(product * size));
}

/// <summary>
/// Writes one safetensors file: the header first, then tensor bytes in any order and from any thread, in pieces, so that memory does not
/// grow with the file. The file appears under its name only when <see cref="Complete"/> has seen every byte; without it, disposing
/// removes what was written.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    // The reference writer pads so that data starts at a multiple of 8.
    private const int Alignment = 8;

    private readonly string path;
    private readonly string partial;
    private readonly SafeFileHandle handle;
    private readonly Dictionary<string, (long Start, long Length)> places = new(StringComparer.Ordinal);
    private readonly long dataBytes;
    private long written;
    private bool complete;

    /// <summary>Creates the file under a temporary name and writes its header.</summary>
    /// <exception cref="ModelException">The file cannot be created, or a name appears twice.</exception>
    public SafetensorsWriter(string path, IReadOnlyList<TensorSpec> tensors)
    {
        this.path = path;
        partial = path + ".part";
        byte[] header = Header(path, tensors);
        long at = header.Length;
        foreach (TensorSpec tensor in tensors)
        {
            places.Add(tensor.Name, (at, tensor.ByteLength));
            at += tensor.ByteLength;
        }

        dataBytes = at - header.Length;
        try
        {
            handle = File.OpenHandle(partial, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: at);
            RandomAccess.Write(handle, header, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (handle is not null)
            {
                handle.Dispose();
                File.Delete(partial);
            }

            throw new ModelException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Writes a piece of a tensor. Each byte must be written exactly once; calls may come from several threads.</summary>
    /// <exception cref="ModelException">The disk is full or the file cannot be written.</exception>
    public void Write(string tensor, long offset, ReadOnlySpan<byte> bytes)
    {
        (long start, long length) = places[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, length - bytes.Length);
        try
        {
            RandomAccess.Write(handle, bytes, start + offset);
        }
        catch (IOException e)
        {
            throw new ModelException($"{path}: cannot be written: {e.Message}", e);
        }

        Interlocked.Add(ref written, bytes.Length);
    }

    /// <summary>Closes the file and gives it its name, replacing an older one in one step.</summary>
    /// <exception cref="InvalidOperationException">Bytes of some tensor were not written, or twice.</exception>
    public void Complete()
    {
        if (written != dataBytes)
        {
            throw new InvalidOperationException($"{path}: {written} of {dataBytes} bytes were written.");
        }

        handle.Dispose();
        File.Move(partial, path, overwrite: true);
        complete = true;
    }

    /// <summary>Removes an unfinished file.</summary>
    public void Dispose()
    {
        handle.Dispose();
        if (!complete)
        {
            File.Delete(partial);
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
