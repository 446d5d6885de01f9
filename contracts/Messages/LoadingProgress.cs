namespace HunyuanOrleans.Contracts.Messages;

/// <summary>How far the silos are with loading the weights that the next plan of a model needs.</summary>
/// <param name="TotalBytes">Bytes that were missing when loading began.</param>
/// <param name="BytesLeft">Bytes that are still missing.</param>
/// <param name="SecondsLeft">Seconds until the slowest silo is done, at the speed so far; null if that is not known yet.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.loading")]
public sealed record LoadingProgress(
    [property: Id(0)] long TotalBytes, [property: Id(1)] long BytesLeft, [property: Id(2)] double? SecondsLeft);
