using System.Collections.Immutable;
using HunyuanOrleans.Embedded;
using Orleans.Hosting;

namespace Orleans.Runtime.MembershipService.SiloMetadata;

/// <summary>What a silo announces about itself.</summary>
public record SiloMetadata
{
    /// <summary>Of a silo that announces nothing, or is not known.</summary>
    public static SiloMetadata Empty { get; } = new();

    /// <summary>Names and values.</summary>
    public ImmutableDictionary<string, string> Metadata { get; private init; } = ImmutableDictionary<string, string>.Empty;

    internal static SiloMetadata Of(IEnumerable<Dictionary<string, string>> announced) =>
        announced.Aggregate(Empty, static (all, some) => new() { Metadata = all.Metadata.SetItems(some) });
}

/// <summary>What all silos announce. In the services of silos that call UseSiloMetadata.</summary>
public interface ISiloMetadataCache
{
    /// <summary>What a silo announces; <see cref="SiloMetadata.Empty"/> where it is not alive.</summary>
    SiloMetadata GetSiloMetadata(SiloAddress siloAddress);
}

internal sealed class SiloMetadataCache(EmbeddedCluster cluster) : ISiloMetadataCache
{
    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) => cluster.Find(siloAddress)?.Metadata ?? SiloMetadata.Empty;
}

/// <summary>Lets a silo announce something about itself.</summary>
public static class SiloMetadataHostingExtensions
{
    /// <summary>Announces names and values; of several calls the later wins.</summary>
    public static ISiloBuilder UseSiloMetadata(this ISiloBuilder builder, Dictionary<string, string> metadata)
    {
        builder.Services.AddSingleton(metadata);
        builder.Services.AddSingleton<ISiloMetadataCache, SiloMetadataCache>();
        return builder;
    }
}
