namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Creates a folder atomically: files are written to a temporary folder beside it, which is renamed at the end. A temporary folder that
/// an interrupted run has left is deleted first.
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

    /// <summary>The temporary folder to write files to until <see cref="Complete"/>.</summary>
    public string Path { get; }

    /// <summary>Creates the temporary folder.</summary>
    /// <param name="directory">The final folder, which must be empty or not exist.</param>
    /// <param name="bytes">Number of bytes that will be written, to check the free disk space.</param>
    /// <exception cref="ModelException">
    /// The folder is not empty or cannot be written, or the disk has too little free space. Nothing was written.
    /// </exception>
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

    /// <summary>Renames the temporary folder to the final one.</summary>
    /// <exception cref="ModelException">The folder cannot be renamed, for example because the final folder is no longer empty.</exception>
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

    /// <summary>Deletes the temporary folder unless it was completed.</summary>
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
