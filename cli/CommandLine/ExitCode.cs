namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCode
{
    /// <summary>The verb succeeded.</summary>
    public const int Success = 0;

    /// <summary>The command line was correct, but the verb failed or was stopped.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong, so nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The reader of the output closed the pipe, so the verb stopped. A shell shows this number for programs that the signal SIGPIPE ended.</summary>
    public const int ClosedPipe = 141;
}
