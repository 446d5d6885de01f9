namespace HunyuanOrleans.Grains.Messages;

/// <summary>The expert groups that a router sends rows to.</summary>
/// <param name="Version">The route that the table belongs to.</param>
/// <param name="Groups">Keys of the expert groups; replicas follow the primary holders.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.router.table")]
public sealed record RouterTable([property: Id(0)] long Version, [property: Id(1)] string[] Groups)
{
    /// <summary>Epoch of the scheduler that made the route.</summary>
    [Id(2)]
    public long Epoch { get; init; }
}
