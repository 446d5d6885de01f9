namespace HunyuanOrleans.Grains.Hosting;

/// <summary>How long a stopping silo waits until others have loaded its share. It follows from the time in which the share was loaded here.</summary>
/// <param name="Needed">The time that the hand-over needs as far as is known: that of loading the share; null if no speed was measured.</param>
/// <param name="Wait">How long the silo waits.</param>
internal readonly record struct HandoverTime(TimeSpan? Needed, TimeSpan Wait)
{
    // The others load less each, but may all read from one volume, and load what they have to move besides.
    private const int LoadTimes = 2;

    /// <summary>True if the silo will be gone before the others can have loaded its share.</summary>
    public bool IsTooShort => Needed > Wait;

    /// <summary>Decides how long to wait.</summary>
    /// <param name="loading">How long loading the share takes; null if that is not known.</param>
    /// <param name="options">The time beside it, and the limit.</param>
    public static HandoverTime Of(TimeSpan? loading, HunyuanSiloOptions options)
    {
        TimeSpan wanted = loading is { } known ? options.LeaveGrace + (LoadTimes * known) : options.LeaveLimit;
        return new HandoverTime(loading, wanted < options.LeaveLimit ? wanted : options.LeaveLimit);
    }
}
