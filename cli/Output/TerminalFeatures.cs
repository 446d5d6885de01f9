namespace HunyuanOrleans.Cli.Output;

/// <summary>Features of the terminal that the standard streams are connected to.</summary>
internal static class TerminalFeatures
{
    /// <summary>
    /// Whether colours and progress bars may be shown: output and error stream are a terminal that understands escape codes, and NO_COLOR is not
    /// set.
    /// </summary>
    public static bool IsInteractive { get; } =
        !Console.IsOutputRedirected
        && !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
