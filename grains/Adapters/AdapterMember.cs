using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>A silo as the scheduler's <see cref="AdapterDirectory"/> knows it.</summary>
/// <param name="Name">The silo's name.</param>
/// <param name="Address">The silo's address. A silo that is started again under its name has another one.</param>
/// <param name="Computes">False for a gateway, which needs no adapter.</param>
internal sealed record AdapterMember(string Name, SiloAddress Address, bool Computes)
{
    /// <summary>The version of the table that the silo has; -1 if it has told nothing yet.</summary>
    public long Version { get; init; } = -1;

    /// <summary>Its last report; null if it has told nothing yet.</summary>
    public AdapterReport? Report { get; init; }

    /// <summary>True if it is still reading adapters.</summary>
    public bool IsReading { get; init; }

    /// <summary>Whether it has not been told of all adapters.</summary>
    public bool IsUntold(long version) => Version != version || Report is null;

    /// <summary>Whether it must be asked again.</summary>
    public bool IsBehind(long version) => IsUntold(version) || Report!.Problems.Length > 0;
}
