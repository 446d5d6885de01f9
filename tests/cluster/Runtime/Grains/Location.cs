using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>The silo that a grain is on, and which activation of the grain replied.</summary>
[GenerateSerializer, Immutable, Alias("test.location")]
public sealed record Location([property: Id(0)] SiloAddress Silo, [property: Id(1)] string Activation)
{
    internal static Location Of(IGrainContext context) => new(context.Address.SiloAddress!, context.ActivationId.ToString());
}
