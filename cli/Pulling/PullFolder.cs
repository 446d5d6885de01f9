using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>
/// The folder that files are pulled into. Partial files are kept in a subfolder, so that completing one is a rename on the same disk. A lock
/// file admits one pull at a time.
/// </summary>
internal sealed class PullFolder : IDisposable
{
    /// <summary>The name of the subfolder for partial files.</summary>
    public const string PartialFolderName = ".pull";

    private const int DigestDigits = 16;

    private readonly FileStream _lock;
    private readonly string _partialFolder;

    private PullFolder(string path, string partialFolder, FileStream @lock) => (Path, _partialFolder, _lock) = (path, partialFolder, @lock);

    /// <summary>The full path of the folder.</summary>
    public string Path { get; }

    /// <summary>Opens and locks a folder; creates it if it does not exist.</summary>
    /// <exception cref="ModelException">The folder cannot be written to, or another pull is running in it.</exception>
    public static PullFolder Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path), partialFolder = System.IO.Path.Combine(full, PartialFolderName);
        try
        {
            Directory.CreateDirectory(partialFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{full} cannot be written to: {e.Message}", e);
        }

        try
        {
            return new(full, partialFolder, new(System.IO.Path.Combine(partialFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{full}: another pull is running there, or its {PartialFolderName} folder cannot be written to ({e.Message}).", e);
        }
    }

    /// <summary>The path of a complete file.</summary>
    public string FinalPath(HubFile file) => System.IO.Path.Combine(Path, file.Path);

    /// <summary>The path of a file until it is complete. It depends on the digest, so two versions of a file never mix.</summary>
    public string PartialPath(HubFile file) => System.IO.Path.Combine(_partialFolder, $"{file.Path}.{file.Digest.Hex[..DigestDigits]}.part");

    /// <summary>Number of bytes of a file that are not on disk yet. Compares sizes only, not contents.</summary>
    public long MissingBytes(HubFile file)
    {
        FileInfo final = new(FinalPath(file)), part = new(PartialPath(file));
        return final.Exists && final.Length == file.Size ? 0 : file.Size - (part.Exists ? Math.Min(part.Length, file.Size) : 0);
    }

    /// <summary>Checks that the disk has space for the missing bytes of all files.</summary>
    /// <exception cref="ModelException">The disk has less free space.</exception>
    public void EnsureFreeSpace(IEnumerable<HubFile> files)
    {
        decimal missing = files.Sum(file => (decimal)MissingBytes(file));
        long free = new DriveInfo(Path).AvailableFreeSpace;
        if (missing > free)
        {
            throw new ModelException($"{Path}: {Units.Bytes((double)missing)} are still missing, but the disk has only {Units.Bytes(free)} of free space.");
        }
    }

    /// <summary>Deletes partial files of other versions of a file.</summary>
    public void DeleteStaleParts(HubFile file)
    {
        string own = PartialPath(file), folder = System.IO.Path.GetDirectoryName(own)!, name = System.IO.Path.GetFileName(file.Path);
        foreach (string other in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.part") : [])
        {
            string found = System.IO.Path.GetFileName(other);
            if (other != own && found.Length == name.Length + DigestDigits + ".".Length + ".part".Length && found.StartsWith(name + ".", StringComparison.Ordinal))
            {
                File.Delete(other);
            }
        }
    }

    /// <summary>Releases the lock, and deletes the subfolder if no partial files are left in it.</summary>
    public void Dispose()
    {
        bool empty = !Directory.EnumerateFiles(_partialFolder, "*.part", SearchOption.AllDirectories).Any();
        if (empty)
        {
            Directory.Delete(_partialFolder, recursive: true);
        }

        _lock.Dispose();
    }
}
