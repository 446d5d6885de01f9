namespace HunyuanOrleans.Grains.Messages;

/// <summary>How far a shard or an expert group is loaded.</summary>
/// <param name="IsLoaded">True if nothing is missing any more. Otherwise the caller asks again.</param>
/// <param name="TotalBytes">Bytes of the weights that were missing when loading began.</param>
/// <param name="BytesLeft">Bytes of them that are not loaded yet.</param>
/// <param name="SecondsLeft">
/// Seconds until the silo has loaded everything that it was asked to load, at the speed so far; null while it has loaded nothing.
/// </param>
[GenerateSerializer, Immutable, Alias("hunyuan.load.state")]
public sealed record LoadState(
    [property: Id(0)] bool IsLoaded, [property: Id(1)] long TotalBytes, [property: Id(2)] long BytesLeft, [property: Id(3)] double? SecondsLeft);
