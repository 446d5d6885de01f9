using Orleans.Runtime.Messaging;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>
/// What both sides of an Orleans connection send first. It has the members of Orleans' own type, which is internal, so that a client can ask what listens
/// at an address before it connects. It is a class and not a record, because Orleans divides the members of a record differently.
/// </summary>
[GenerateSerializer, Immutable, Alias("hunyuan.gateway.preamble")]
public sealed class GatewayPreamble
{
    /// <summary>The version of Orleans' protocol.</summary>
    [Id(0)]
    public NetworkProtocolVersion Version { get; init; } = NetworkProtocolVersion.Version1;

    /// <summary>Who connects.</summary>
    [Id(1)]
    public GrainId Node { get; init; }

    /// <summary>The address of the silo that answers; null from a client.</summary>
    [Id(2)]
    public SiloAddress? Silo { get; init; }

    /// <summary>The name of the sender's cluster.</summary>
    [Id(3)]
    public string ClusterId { get; init; } = "";
}
