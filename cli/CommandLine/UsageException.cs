namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The command line is wrong in a way that the parser cannot detect. The message alone tells the user what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);
