using System.Text;

namespace HunyuanOrleans.Model.Checkpoints.PyTorch;

/// <summary>
/// A file that PyTorch's <c>save</c> wrote: a dictionary of tensors by name, mapped into memory. Nothing in it is executed. It accepts the zip form (since
/// PyTorch 1.6), with entries <c>*/data.pkl</c> for the dictionary and <c>*/data/KEY</c> for the elements.
/// </summary>
internal sealed class PyTorchFile : IDisposable
{
    // A dictionary takes some 150 bytes for each tensor.
    private const int MaxPickleBytes = 64 << 20;
    private const string PickleName = "data.pkl";

    private readonly MappedFile _file;

    private PyTorchFile(MappedFile file, List<PyTorchTensor> tensors)
    {
        _file = file;
        Tensors = tensors;
    }

    /// <summary>The tensors in the order of the dictionary; each name appears once.</summary>
    public IReadOnlyList<PyTorchTensor> Tensors { get; }

    /// <summary>The mapped file. It stays owned by this object.</summary>
    public MappedFile File => _file;

    /// <summary>Maps a file and checks it.</summary>
    /// <exception cref="ModelException">The file is damaged, in another form, or contains something else than tensors. It is not mapped any more.</exception>
    public static PyTorchFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            return new PyTorchFile(file, Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads and checks the tensors of a mapped file. They are valid as long as the file is mapped.</summary>
    /// <exception cref="ModelException">The file is damaged, in another form, or contains something else than tensors.</exception>
    public static List<PyTorchTensor> Read(MappedFile file)
    {
        if (!ZipDirectory.IsZip(file))
        {
            throw new ModelException($"{file.Path}: the file is not in the zip form of PyTorch's save; allowed: files that PyTorch 1.6 or newer wrote.");
        }

        ZipDirectory zip = ZipDirectory.Read(file);
        string prefix = PrefixOf(file, zip);
        CheckByteOrder(file, zip, prefix);
        zip.TryGet(prefix + PickleName, out long offset, out long length);
        if (length > MaxPickleBytes)
        {
            throw new ModelException($"{file.Path}: {PickleName} has {length} bytes; allowed: at most {MaxPickleBytes}.");
        }

        PickleValue root = PickleReader.Read(file.Path, file.Slice(offset, (int)length));
        if (root is not PickleDictionary dictionary)
        {
            throw new ModelException($"{file.Path}: the file does not hold a dictionary; allowed: a dictionary of tensors by name.");
        }

        List<PyTorchTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((PickleValue key, PickleValue value) in dictionary.Entries)
        {
            string name = (key as PickleText)?.Value ?? throw new ModelException($"{file.Path}: a key of the dictionary is no text; allowed: names of tensors.");
            PickleTensor tensor = value as PickleTensor ?? throw new ModelException(
                $"{file.Path}: \"{name}\" is no tensor; allowed: a dictionary of tensors by name, such as a model's state_dict.");
            if (!names.Add(name))
            {
                throw new ModelException($"{file.Path}: tensor \"{name}\" appears twice; allowed: each name once.");
            }

            tensors.Add(new PyTorchTensor(file, name, StorageOffset(file, zip, prefix, name, tensor.Storage), tensor));
        }

        return tensors;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string PrefixOf(MappedFile file, ZipDirectory zip)
    {
        string[] pickles = [.. zip.Names.Where(static name => name == PickleName || name.EndsWith("/" + PickleName, StringComparison.Ordinal))];
        return pickles is [string one]
            ? one[..^PickleName.Length]
            : throw new ModelException($"{file.Path}: the file has {pickles.Length} entries {PickleName}; allowed: one.");
    }

    private static void CheckByteOrder(MappedFile file, ZipDirectory zip, string prefix)
    {
        if (zip.TryGet(prefix + "byteorder", out long offset, out long length) &&
            !(length == 6 && file.Slice(offset, 6).SequenceEqual("little"u8)))
        {
            string order = Encoding.ASCII.GetString(file.Slice(offset, (int)Math.Min(length, 6)));
            throw new ModelException($"{file.Path}: the byte order is \"{order}\"; allowed: little.");
        }
    }

    private static long StorageOffset(MappedFile file, ZipDirectory zip, string prefix, string name, PickleStorage storage)
    {
        if (!zip.TryGet($"{prefix}data/{storage.Key}", out long offset, out long length))
        {
            throw new ModelException($"{file.Path}: the elements of tensor \"{name}\" are missing; allowed: an entry data/{storage.Key}.");
        }

        return (Int128)storage.Elements * storage.Type.Size() == length
            ? offset
            : throw new ModelException(
                $"{file.Path}: the elements of tensor \"{name}\" take {length} bytes; allowed: {storage.Elements} elements of {storage.Type.Name()}.");
    }
}
