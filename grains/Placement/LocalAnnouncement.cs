namespace HunyuanOrleans.Grains.Placement;

/// <summary>What this silo announces; see <see cref="SiloAnnouncement"/>. It is computed once, at start.</summary>
/// <param name="Values">Names and values.</param>
public sealed record LocalAnnouncement(IReadOnlyDictionary<string, string> Values);
