namespace HunyuanOrleans.Grains.Messages;

/// <summary>Where a router finds the experts of its layers.</summary>
/// <param name="Version">The route the table belongs to.</param>
/// <param name="Groups">Keys of the expert groups, copies after the first holders.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.router.table")]
public sealed record RouterTable(long Version, string[] Groups);
