namespace HunyuanOrleans.Cli.Output;

/// <summary>What the terminal behind the standard streams may be sent.</summary>
internal static class TerminalFeatures
{
    /// <summary>
    /// True when a person watches: both streams are a terminal, and neither NO_COLOR nor a dumb terminal forbids escape codes. Colours
    /// and progress are shown then only.
    /// </summary>
    public static bool Rich { get; } =
        !Console.IsOutputRedirected
        && !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
