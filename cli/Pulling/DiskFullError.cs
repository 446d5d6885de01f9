namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Recognises I/O errors that mean a full disk, and words the message for them.</summary>
internal static class DiskFullError
{
    // ENOSPC; EDQUOT on Linux and on BSD systems; ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    private const int NoSpace = 28, OverQuotaLinux = 122, OverQuotaBsd = 69, WindowsDiskFull = unchecked((int)0x80070070), WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Whether an error means that the disk or the user's quota is full.</summary>
    public static bool Is(IOException error) =>
        error.HResult is NoSpace or OverQuotaLinux or OverQuotaBsd or WindowsDiskFull or WindowsHandleDiskFull;

    /// <summary>The message for the user.</summary>
    /// <param name="path">The file that was written.</param>
    /// <param name="missing">The size of its missing part, formatted for display.</param>
    public static string Message(string path, string missing) =>
        $"{path}: the disk is full, and {missing} of this file are still missing. The part that was downloaded is kept: free some space and pull again.";
}
