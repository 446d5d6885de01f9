namespace HunyuanOrleans.Grains.Devices;

/// <summary>Orders the routes of all schedulers: a later scheduler has a higher epoch and begins to count versions again.</summary>
/// <param name="Epoch">Epoch of the scheduler.</param>
/// <param name="Version">Version of the route.</param>
internal readonly record struct RouteNumber(long Epoch, long Version) : IComparable<RouteNumber>
{
    /// <inheritdoc/>
    public int CompareTo(RouteNumber other) => (Epoch, Version).CompareTo((other.Epoch, other.Version));

    /// <summary>True if the left route is not later than the right one.</summary>
    public static bool operator <=(RouteNumber left, RouteNumber right) => left.CompareTo(right) <= 0;

    /// <summary>True if the left route is not earlier than the right one.</summary>
    public static bool operator >=(RouteNumber left, RouteNumber right) => left.CompareTo(right) >= 0;

    /// <summary>True if the left route is earlier than the right one.</summary>
    public static bool operator <(RouteNumber left, RouteNumber right) => left.CompareTo(right) < 0;

    /// <summary>True if the left route is later than the right one.</summary>
    public static bool operator >(RouteNumber left, RouteNumber right) => left.CompareTo(right) > 0;
}
