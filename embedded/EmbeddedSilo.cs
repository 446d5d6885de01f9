using Orleans.Runtime;

namespace HunyuanOrleans.Embedded;

/// <summary>One logical silo of an <see cref="EmbeddedCluster"/>.</summary>
public sealed class EmbeddedSilo
{
    internal EmbeddedSilo(SiloCore core) => Core = core;

    internal SiloCore Core { get; }

    /// <summary>Its name.</summary>
    public string Name => Core.Name;

    /// <summary>Its address.</summary>
    public SiloAddress SiloAddress => Core.Address;

    /// <summary>Where it is in its life.</summary>
    public SiloStatus Status => Core.Status;

    /// <summary>Its services.</summary>
    public IServiceProvider Services => Core.Services;

    /// <summary>How many activations it has.</summary>
    public int ActivationCount => Core.ActivationCount;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({SiloAddress}, {Status})";
}
