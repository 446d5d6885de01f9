using HunyuanOrleans.Model;

namespace HunyuanOrleans.Train.Output;

/// <summary>Makes files appear together: a folder is written under another name and renamed, or its files are moved with the most important one last.</summary>
internal static class OutputFiles
{
    private const string Ending = ".partial";

    /// <summary>Writes a folder, which replaces one of the same name.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="write">Writes the files to the folder that it gets.</param>
    /// <exception cref="ModelException">It cannot be written.</exception>
    public static void WriteFolder(string folder, Action<string> write) => Guard(folder, () =>
    {
        string partial = folder + Ending;
        WritePartial(partial, write);
        if (Directory.Exists(folder))
        {
            Delete(folder);
        }

        Directory.Move(partial, folder);
    });

    /// <summary>Writes files into a folder that may have other files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="last">Name of the file that is moved last.</param>
    /// <param name="write">Writes the files to the folder that it gets.</param>
    /// <exception cref="ModelException">They cannot be written.</exception>
    public static void WriteInto(string folder, string last, Action<string> write) => Guard(folder, () =>
    {
        string partial = Path.Combine(folder, Ending);
        WritePartial(partial, write);
        foreach (string file in Directory.GetFiles(partial).OrderBy(file => Path.GetFileName(file) == last))
        {
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        Directory.Delete(partial);
    });

    /// <summary>Deletes a folder. Readers never see it with some files missing, because it is renamed first.</summary>
    public static void Delete(string folder)
    {
        string partial = folder + ".deleted";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        Directory.Move(folder, partial);
        Directory.Delete(partial, recursive: true);
    }

    private static void WritePartial(string partial, Action<string> write)
    {
        if (Directory.Exists(partial))
        {
            // An interrupted run has left it.
            Directory.Delete(partial, recursive: true);
        }

        Directory.CreateDirectory(partial);
        write(partial);
        foreach (string file in Directory.GetFiles(partial))
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
    }

    private static void Guard(string folder, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{folder}: cannot be written: {e.Message}", e);
        }
    }
}
