namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>A service of the silo, to be injected into grains.</summary>
public sealed class SiloName(ILocalSiloDetails silo)
{
    public string Value => silo.Name;

    public SiloAddress Address => silo.SiloAddress;
}

/// <summary>Where a grain is, and which activation of it.</summary>
[GenerateSerializer, Immutable, Alias("test.where")]
public sealed record Where([property: Id(0)] SiloAddress Silo, [property: Id(1)] string Activation);
