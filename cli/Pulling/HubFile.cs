namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A file of a model, as the hub lists it.</summary>
/// <param name="Path">Relative path, separated by slashes; it never leads out of the model's folder.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Digest">The digest of its content.</param>
internal sealed record HubFile(string Path, long Size, FileDigest Digest);
