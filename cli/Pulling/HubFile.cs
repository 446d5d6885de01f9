namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A file of a model, as the hub lists it.</summary>
/// <param name="Path">Relative path, parted by slashes; it stays inside its folder.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Digest">What its content must give.</param>
internal sealed record HubFile(string Path, long Size, FileDigest Digest);
