namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Makes the files of an output folder appear together. They are written to a temporary folder. If the output folder does not exist, the
/// temporary folder is beside it and is renamed at the end. If it exists, it may be a mount point or a link and cannot be replaced: the
/// temporary folder is inside it, and its files are moved at the end. A temporary folder that an interrupted run has left is deleted first.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private const string Ending = ".partial", LockEnding = ".lock", LastFile = "config.json";

    private readonly string _final;
    private readonly bool _inside;
    private readonly FileStream _lock;
    private bool _complete;

    private OutputFolder(string final, bool inside, string path, FileStream @lock)
    {
        (_final, _inside, _lock) = (final, inside, @lock);
        Path = path;
    }

    /// <summary>The temporary folder to write files to until <see cref="Complete"/>. It must not get folders.</summary>
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
        bool inside = Directory.Exists(final);
        if (File.Exists(final) || (inside && OtherEntries(final).Any()))
        {
            throw new ModelException($"{directory}: the output folder is not empty; allowed: an empty or a new folder.");
        }

        string beside = final + Ending;
        string path = inside ? System.IO.Path.Combine(final, Ending) : beside;
        string parent = System.IO.Path.GetDirectoryName(path)!;
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(parent);
            held = Lock(path);
            DeleteIfExists(path);
            if (inside && Directory.Exists(beside))
            {
                // A run began before the output folder existed. Its lock fails if it still runs.
                using FileStream other = Lock(beside);
                DeleteIfExists(beside);
            }

            long free = new DriveInfo(parent).AvailableFreeSpace;
            if (free < bytes)
            {
                throw new ModelException($"{directory}: the model takes {bytes} bytes, but only {free} are free there.");
            }

            Directory.CreateDirectory(path);
            return new OutputFolder(final, inside, path, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            string why = File.Exists((held is null ? path : beside) + LockEnding) ? "another run is writing it, or " : "";
            throw new ModelException($"{directory}: the output folder cannot be made: {why}{e.Message}", e);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Makes the files appear in the final folder.</summary>
    /// <exception cref="ModelException">They cannot be put there, for example because the final folder is no longer empty.</exception>
    public void Complete()
    {
        try
        {
            if (_inside)
            {
                MoveFiles();
            }
            else
            {
                if (Directory.Exists(_final))
                {
                    Directory.Delete(_final);
                }

                Directory.Move(Path, _final);
            }

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
        if (!_complete)
        {
            DeleteIfExists(Path);
        }

        _lock.Dispose();
    }

    private static IEnumerable<string> OtherEntries(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .Where(static entry => System.IO.Path.GetFileName(entry) is not (Ending or Ending + LockEnding));

    private static FileStream Lock(string path) =>
        new(path + LockEnding, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);

    private static void DeleteIfExists(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private void MoveFiles()
    {
        if (OtherEntries(_final).Any())
        {
            throw new IOException("The folder is no longer empty.");
        }

        Stack<string> moved = [];
        try
        {
            // The config is last: a folder without it is no model, should the process be killed meanwhile.
            foreach (string file in Directory.GetFiles(Path).OrderBy(static file => System.IO.Path.GetFileName(file) == LastFile))
            {
                string target = System.IO.Path.Combine(_final, System.IO.Path.GetFileName(file));
                File.Move(file, target);
                moved.Push(target);
            }

            Directory.Delete(Path);
        }
        catch
        {
            foreach (string file in moved)
            {
                File.Delete(file);
            }

            throw;
        }
    }
}
