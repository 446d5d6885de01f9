namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// A folder that appears whole or not at all: it is filled beside its place under another name, and renamed at the end. What an interrupted
/// run left there is removed. It does not know what is written.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private const string Ending = ".partial";

    private readonly string _final;
    private readonly FileStream _lock;
    private readonly string _lockPath;
    private bool _complete;

    private OutputFolder(string final, string path, FileStream @lock, string lockPath)
    {
        _final = final;
        _lock = @lock;
        _lockPath = lockPath;
        Path = path;
    }

    /// <summary>Where files are written until <see cref="Complete"/>.</summary>
    public string Path { get; }

    /// <summary>Prepares a folder.</summary>
    /// <param name="directory">Where it is to appear: an empty or a new folder, on a disk with room.</param>
    /// <param name="bytes">Bytes that will be written.</param>
    /// <exception cref="ModelException">It holds something, cannot be written, or the disk is too full; nothing was changed.</exception>
    public static OutputFolder Create(string directory, long bytes)
    {
        string final = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(directory));
        if (File.Exists(final) || (Directory.Exists(final) && Directory.EnumerateFileSystemEntries(final).Any()))
        {
            throw new ModelException($"{directory}: the output folder is not empty; allowed: an empty or a new folder.");
        }

        string path = final + Ending;
        string lockPath = path + ".lock";
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(final)!);
            held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            long free = new DriveInfo(System.IO.Path.GetDirectoryName(final)!).AvailableFreeSpace;
            if (free < bytes)
            {
                throw new ModelException($"{directory}: the model takes {bytes} bytes, but only {free} are free there.");
            }

            Directory.CreateDirectory(path);
            return new OutputFolder(final, path, held, lockPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            string why = held is null && File.Exists(lockPath) ? "another run is writing it, or " : "";
            throw new ModelException($"{directory}: the output folder cannot be made: {why}{e.Message}", e);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Makes the folder appear.</summary>
    /// <exception cref="ModelException">Something has appeared there meanwhile.</exception>
    public void Complete()
    {
        try
        {
            if (Directory.Exists(_final))
            {
                Directory.Delete(_final);
            }

            Directory.Move(Path, _final);
            _complete = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{_final}: the finished model cannot be put there: {e.Message}", e);
        }
    }

    /// <summary>Removes what was not completed.</summary>
    public void Dispose()
    {
        if (!_complete && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }

        _lock.Dispose();
        File.Delete(_lockPath);
    }
}
