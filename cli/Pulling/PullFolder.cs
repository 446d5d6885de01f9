using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>
/// The folder files are pulled into. What is not whole yet lies in a folder of its own inside it, so that the last step is a rename on one disk.
/// One pull at a time works in it.
/// </summary>
internal sealed class PullFolder : IDisposable
{
    /// <summary>Name of the folder for what is not whole yet.</summary>
    public const string Unfinished = ".pull";

    private const int DigestDigits = 16;

    private readonly FileStream _lock;
    private readonly string _unfinished;

    private PullFolder(string path, string unfinished, FileStream @lock) => (Path, _unfinished, _lock) = (path, unfinished, @lock);

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Opens a folder, making it where it is missing.</summary>
    /// <exception cref="ModelException">It cannot be written to, or another pull is at work in it.</exception>
    public static PullFolder Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path), unfinished = System.IO.Path.Combine(full, Unfinished);
        try
        {
            Directory.CreateDirectory(unfinished);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{full} cannot be written to: {e.Message}", e);
        }

        try
        {
            return new(full, unfinished, new(System.IO.Path.Combine(unfinished, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{full}: another pull is at work there, or its {Unfinished} folder cannot be written to ({e.Message}).", e);
        }
    }

    /// <summary>Where a file belongs.</summary>
    public string Final(HubFile file) => System.IO.Path.Combine(Path, file.Path);

    /// <summary>Where a file is kept until it is whole. Other contents of the same name have other places.</summary>
    public string Part(HubFile file) => System.IO.Path.Combine(_unfinished, $"{file.Path}.{file.Digest.Hex[..DigestDigits]}.part");

    /// <summary>Bytes that still have to come for a file; 0 if its size is there, whatever its content.</summary>
    public long Missing(HubFile file)
    {
        FileInfo final = new(Final(file)), part = new(Part(file));
        return final.Exists && final.Length == file.Size ? 0 : file.Size - (part.Exists ? Math.Min(part.Length, file.Size) : 0);
    }

    /// <summary>Checks that what is missing has room.</summary>
    /// <exception cref="ModelException">It has not.</exception>
    public void CheckRoom(IEnumerable<HubFile> files)
    {
        decimal missing = files.Sum(file => (decimal)Missing(file));
        long free = new DriveInfo(Path).AvailableFreeSpace;
        if (missing > free)
        {
            throw new ModelException($"{Path}: {Units.Bytes((double)missing)} are still to come, and the disk has {Units.Bytes(free)} left.");
        }
    }

    /// <summary>Removes what was begun of other contents of a file.</summary>
    public void DropOthers(HubFile file)
    {
        string own = Part(file), folder = System.IO.Path.GetDirectoryName(own)!, name = System.IO.Path.GetFileName(file.Path);
        foreach (string other in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.part") : [])
        {
            string found = System.IO.Path.GetFileName(other);
            if (other != own && found.Length == name.Length + DigestDigits + ".".Length + ".part".Length && found.StartsWith(name + ".", StringComparison.Ordinal))
            {
                File.Delete(other);
            }
        }
    }

    /// <summary>Lets other pulls in; removes the folder for what is not whole where nothing is left in it.</summary>
    public void Dispose()
    {
        bool empty = !Directory.EnumerateFiles(_unfinished, "*.part", SearchOption.AllDirectories).Any();
        if (empty)
        {
            Directory.Delete(_unfinished, recursive: true);
        }

        _lock.Dispose();
    }
}
