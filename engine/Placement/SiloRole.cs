namespace HunyuanOrleans.Engine.Placement;

/// <summary>What a silo may hold.</summary>
public enum SiloRole
{
    /// <summary>Attention shards and expert groups.</summary>
    Any,

    /// <summary>Attention shards only, with their routers, shared experts and K/V.</summary>
    Attention,

    /// <summary>Expert groups only.</summary>
    Experts,

    /// <summary>Nothing of the model: it takes requests.</summary>
    Gateway,
}
