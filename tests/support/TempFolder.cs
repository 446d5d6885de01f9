namespace HunyuanOrleans.TestSupport;

/// <summary>A new empty folder that is deleted on disposal.</summary>
public sealed class TempFolder : IDisposable
{
    public TempFolder() => Root = Directory.CreateTempSubdirectory("hunyuan-test-").FullName;

    public string Root { get; }

    public string File(string name) => Path.Combine(Root, name);

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Copies the files of a model folder, without its subfolders.</summary>
    public static TempFolder CopyOf(string folder)
    {
        var copy = new TempFolder();
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            System.IO.File.Copy(file, copy.File(Path.GetFileName(file)));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
