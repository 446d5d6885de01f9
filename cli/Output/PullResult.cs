namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>pull</c>.</summary>
/// <param name="Repository">Owner and name of the model.</param>
/// <param name="Commit">The commit of the files.</param>
/// <param name="To">The folder that was written.</param>
/// <param name="Files">Number of files, all complete and verified.</param>
/// <param name="Bytes">Size of the files in bytes.</param>
/// <param name="ReceivedBytes">Bytes received from the network.</param>
/// <param name="Seconds">How long the pull took.</param>
internal sealed record PullResult(string Repository, string Commit, string To, int Files, long Bytes, long ReceivedBytes, double Seconds);
