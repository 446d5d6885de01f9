namespace HunyuanOrleans.Grains.Messages;

/// <summary>The properties of a silo. Callers use it while the silo's metadata has not reached them.</summary>
/// <param name="Announcement">The same names and values as the silo's metadata; see <see cref="Placement.SiloAnnouncement"/>.</param>
/// <param name="Leaving">True if the silo is about to stop and takes no new share.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.silo.description")]
public sealed record SiloDescription([property: Id(0)] Dictionary<string, string> Announcement, [property: Id(1)] bool Leaving);
