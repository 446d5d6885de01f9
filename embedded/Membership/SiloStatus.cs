namespace Orleans.Runtime;

/// <summary>Where a silo is in its life.</summary>
public enum SiloStatus
{
    /// <summary>Unknown.</summary>
    None = 0,
    /// <summary>Does not occur here.</summary>
    Created = 1,
    /// <summary>Its services are being made.</summary>
    Joining = 2,
    /// <summary>It takes activations.</summary>
    Active = 3,
    /// <summary>It takes no new activations; those it has are ending.</summary>
    ShuttingDown = 4,
    /// <summary>Does not occur here.</summary>
    Stopping = 5,
    /// <summary>It is gone.</summary>
    Dead = 6,
}

/// <summary>Questions about a status.</summary>
public static class SiloStatusExtensions
{
    /// <summary>Whether the silo is ending or has ended.</summary>
    public static bool IsTerminating(this SiloStatus siloStatus) => siloStatus is SiloStatus.ShuttingDown or SiloStatus.Stopping or SiloStatus.Dead;
}
