namespace HunyuanOrleans.Cli.Output;

/// <summary>What pull prints for machines.</summary>
/// <param name="Repository">Owner and name.</param>
/// <param name="Commit">The commit its files are of.</param>
/// <param name="To">The folder.</param>
/// <param name="Files">Files that are there, whole and checked.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="ReceivedBytes">Bytes that came over the network.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record PullResult(string Repository, string Commit, string To, int Files, long Bytes, long ReceivedBytes, double Seconds);
