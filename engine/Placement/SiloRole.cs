namespace HunyuanOrleans.Engine.Placement;

/// <summary>Which parts of a model a silo may hold.</summary>
public enum SiloRole
{
    /// <summary>Attention shards and expert groups.</summary>
    Any,

    /// <summary>Only attention shards, with their routers, shared experts and K/V.</summary>
    Attention,

    /// <summary>Only expert groups.</summary>
    Experts,

    /// <summary>No part of the model; the silo accepts requests.</summary>
    Gateway,
}
