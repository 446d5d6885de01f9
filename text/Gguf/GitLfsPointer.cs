namespace HunyuanOrleans.Gguf;

/// <summary>Recognises the small text files that Git has in place of large ones if its extension for large files (LFS) is not installed.</summary>
internal static class GitLfsPointer
{
    /// <summary>Most bytes of such a file.</summary>
    public const int MostBytes = 1024;

    /// <summary>Whether a file that begins with these bytes is a pointer.</summary>
    public static bool Is(ReadOnlySpan<byte> start) => start.StartsWith("version https://git-lfs.github.com/spec/"u8);

    /// <summary>Whether a file is a pointer.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool IsFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > MostBytes)
        {
            return false;
        }

        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Is(bytes);
    }

    /// <summary>The message for a pointer.</summary>
    public static string Message(string path) =>
        $"{path}: the file is a Git LFS pointer and not the file itself; allowed: the file that it points to, which `git lfs pull` gets.";
}
