namespace HunyuanOrleans.Grains.Messages;

/// <summary>
/// An adapter of a model, as all silos know it. Of two records of one name, that with the higher version counts; the scheduler gives versions.
/// </summary>
/// <param name="Name">Its name in requests.</param>
/// <param name="Digest">SHA-256 of everything that it computes with, in hexadecimal digits.</param>
/// <param name="Folder">Its folder, for silos that have none of their own with this content.</param>
/// <param name="Bytes">Bytes that it takes in memory, over all parts.</param>
/// <param name="Created">When it was added, in seconds since 1970.</param>
/// <param name="Version">Number of the change, counted from 1; 0 while a silo proposes it.</param>
/// <param name="IsRemoved">True if it was removed. The record stays, so that no silo brings it back.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.adapter.record")]
public sealed record AdapterRecord(
    [property: Id(0)] string Name,
    [property: Id(1)] string Digest,
    [property: Id(2)] string Folder,
    [property: Id(3)] long Bytes,
    [property: Id(4)] long Created,
    [property: Id(5)] long Version,
    [property: Id(6)] bool IsRemoved);
