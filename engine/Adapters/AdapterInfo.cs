namespace HunyuanOrleans.Engine.Adapters;

/// <summary>An adapter that requests can name.</summary>
/// <param name="Name">Its name in requests.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Bytes">Bytes that it takes in memory.</param>
/// <param name="Created">When it was added, in seconds since 1970.</param>
public sealed record AdapterInfo(string Name, string Folder, long Bytes, long Created);
