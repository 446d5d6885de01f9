namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Knows a full disk when it sees one.</summary>
internal static class DiskFull
{
    // ENOSPC and EDQUOT of Linux and of BSD systems, and Windows' two.
    private const int NoSpace = 28, OverQuotaLinux = 122, OverQuotaBsd = 69, WindowsDiskFull = unchecked((int)0x80070070), WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Whether an error means a full disk, or a full quota.</summary>
    public static bool Is(IOException error) =>
        error.HResult is NoSpace or OverQuotaLinux or OverQuotaBsd or WindowsDiskFull or WindowsHandleDiskFull;

    /// <summary>What the user is told.</summary>
    public static string Message(string path, string missing) =>
        $"{path}: the disk is full, with {missing} of this file still to come. What is there is kept; make room and pull again.";
}
