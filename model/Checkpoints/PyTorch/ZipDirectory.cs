using System.Buffers.Binary;
using System.Text;

namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>
/// Finds the entries of a zip file as PyTorch writes it: every entry is stored uncompressed, so that its bytes can be used where they are mapped.
/// It refuses compressed entries, which also excludes entries that are larger than the file. It does not know what entries mean.
/// Format: PKWARE's APPNOTE, sections 4.3 and 4.5.3.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int EndBytes = 22, LocatorBytes = 20, End64Bytes = 56, EntryBytes = 46, LocalBytes = 30, MaxComment = 65535;
    private const int Zip64Field = 1;

    // Published checkpoints have a few thousand entries for each file; names are under 100 bytes.
    private const int MaxDirectoryBytes = 256 << 20;

    private readonly MappedFile _file;
    private readonly Dictionary<string, (long Offset, long Length)> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(MappedFile file) => _file = file;

    /// <summary>The names of all entries.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Whether a file begins like a zip file.</summary>
    public static bool IsZip(MappedFile file) =>
        file.Length >= EndBytes && BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(0, 4)) is LocalSignature or EndSignature;

    /// <summary>Reads and checks the directory.</summary>
    /// <exception cref="ModelException">The file is no zip file, damaged, or has a compressed entry.</exception>
    public static ZipDirectory Read(MappedFile file)
    {
        ZipDirectory directory = new(file);
        (long offset, long bytes, long count) = directory.FindDirectory();
        ReadOnlySpan<byte> rest = file.Slice(offset, (int)bytes);
        for (long i = 0; i < count; i++)
        {
            rest = rest[directory.ReadEntry(rest, offset)..];
        }

        return rest.IsEmpty ? directory : throw directory.Damaged($"{rest.Length} bytes of its directory belong to no entry");
    }

    /// <summary>Finds the bytes of an entry in the file.</summary>
    /// <returns>False if there is no such entry.</returns>
    public bool TryGet(string name, out long offset, out long length)
    {
        bool found = _entries.TryGetValue(name, out (long Offset, long Length) place);
        (offset, length) = place;
        return found;
    }

    private (long Offset, long Bytes, long Count) FindDirectory()
    {
        long end = FindEnd();
        ReadOnlySpan<byte> record = _file.Slice(end, EndBytes);
        if (U16(record, 4) != 0 && U16(record, 4) != ushort.MaxValue)
        {
            throw Damaged("it is one part of several");
        }

        (long count, long bytes, long offset, long limit) = (U16(record, 10), U32(record, 12), U32(record, 16), end);
        if (end >= LocatorBytes && U32(_file.Slice(end - LocatorBytes, LocatorBytes), 0) == Locator64Signature)
        {
            long at = Number(_file.Slice(end - LocatorBytes, LocatorBytes), 8);
            if (at > end - LocatorBytes - End64Bytes)
            {
                throw Damaged("its directory lies outside the file");
            }

            ReadOnlySpan<byte> record64 = _file.Slice(at, End64Bytes);
            if (U32(record64, 0) != End64Signature)
            {
                throw Damaged("the end of its directory is not where it should be");
            }

            (count, bytes, offset, limit) = (Number(record64, 32), Number(record64, 40), Number(record64, 48), at);
        }

        if (offset > limit || bytes > limit - offset)
        {
            throw Damaged("its directory lies outside the file");
        }

        return bytes <= MaxDirectoryBytes
            ? (offset, bytes, count)
            : throw Damaged($"its directory has {bytes} bytes, and at most {MaxDirectoryBytes} are allowed");
    }

    private long FindEnd()
    {
        int searched = (int)Math.Min(_file.Length, EndBytes + MaxComment);
        ReadOnlySpan<byte> tail = _file.Slice(_file.Length - searched, searched);
        for (int at = searched - EndBytes; at >= 0; at--)
        {
            if (U32(tail, at) == EndSignature && at + EndBytes + U16(tail, at + 20) == searched)
            {
                return _file.Length - searched + at;
            }
        }

        throw Damaged("its end is missing, so the file is truncated or no zip file");
    }

    private int ReadEntry(ReadOnlySpan<byte> rest, long dataEnd)
    {
        if (rest.Length < EntryBytes || U32(rest, 0) != EntrySignature)
        {
            throw Damaged("its directory has fewer entries than it says");
        }

        int nameBytes = U16(rest, 28), extraBytes = U16(rest, 30), total = EntryBytes + nameBytes + extraBytes + U16(rest, 32);
        if (total > rest.Length)
        {
            throw Damaged("an entry of its directory is cut off");
        }

        string name = Encoding.UTF8.GetString(rest.Slice(EntryBytes, nameBytes));
        long stored = U32(rest, 20), length = U32(rest, 24), local = U32(rest, 42);
        ReadZip64(rest.Slice(EntryBytes + nameBytes, extraBytes), name, ref length, ref stored, ref local);
        if ((U16(rest, 8) & 1) != 0 || U16(rest, 10) != 0 || stored != length)
        {
            throw new ModelException($"{_file.Path}: entry \"{name}\" is compressed or encrypted; allowed: entries stored as they are, as PyTorch writes them.");
        }

        long offset = DataOffset(name, local, length, dataEnd);
        return _entries.TryAdd(name, (offset, length)) ? total : throw Damaged($"entry \"{name}\" appears twice");
    }

    // Sizes and offset of 4 GB and more are in an extra field, in this order, each only if its 32 bits are all ones.
    private void ReadZip64(ReadOnlySpan<byte> extra, string name, ref long length, ref long stored, ref long local)
    {
        while (extra.Length >= 4)
        {
            int bytes = U16(extra, 2);
            if (bytes > extra.Length - 4)
            {
                throw Damaged($"entry \"{name}\" has a field that is cut off");
            }

            if (U16(extra, 0) == Zip64Field)
            {
                ReadOnlySpan<byte> field = extra.Slice(4, bytes);
                Take(name, ref field, ref length);
                Take(name, ref field, ref stored);
                Take(name, ref field, ref local);
                return;
            }

            extra = extra[(4 + bytes)..];
        }
    }

    private void Take(string name, ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value == uint.MaxValue)
        {
            value = field.Length >= 8 ? Number(field, 0) : throw Damaged($"entry \"{name}\" lacks its size");
            field = field[8..];
        }
    }

    private long DataOffset(string name, long local, long length, long dataEnd)
    {
        if (local > dataEnd - LocalBytes)
        {
            throw Damaged($"entry \"{name}\" lies outside the file");
        }

        ReadOnlySpan<byte> header = _file.Slice(local, LocalBytes);
        long offset = local + LocalBytes + U16(header, 26) + U16(header, 28);
        return U32(header, 0) == LocalSignature && offset <= dataEnd && length <= dataEnd - offset
            ? offset
            : throw Damaged($"entry \"{name}\" lies outside the file");
    }

    private long Number(ReadOnlySpan<byte> bytes, int at)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
        return value <= long.MaxValue ? (long)value : throw Damaged("it has a size or an offset out of range");
    }

    private ModelException Damaged(string what) => new($"{_file.Path}: not a readable zip file: {what}; allowed: a file that PyTorch's save wrote.");

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
