namespace HunyuanOrleans.Grains.Messages;

/// <summary>An adapter of the rows of a step: enough for any silo to load it.</summary>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Digest">SHA-256 of everything that it computes with, in hexadecimal digits.</param>
/// <param name="Folder">Its folder, for silos that have none of their own with this content.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.adapter")]
public sealed record AdapterMessage([property: Id(0)] string Name, [property: Id(1)] string Digest, [property: Id(2)] string Folder);
