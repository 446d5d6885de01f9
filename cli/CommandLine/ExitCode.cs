namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    /// <summary>The work was done.</summary>
    public const int Success = 0;

    /// <summary>The command was understood, but its work failed or was stopped.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong; nothing was tried.</summary>
    public const int Usage = 2;
}
