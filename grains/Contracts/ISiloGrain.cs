using HunyuanOrleans.Grains.Messages;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>A silo speaking for itself: what it can hold, what it holds, whether it lives. The key is a <see cref="Placement.PinnedKey"/> of the silo alone.</summary>
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>Answers.</summary>
    [AlwaysInterleave, ResponseTimeout("00:00:02")]
    Task PingAsync();

    /// <summary>What it announces about itself.</summary>
    [AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<SiloDescription> DescribeAsync();

    /// <summary>What it holds and has done.</summary>
    [AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<SiloReport> ReportAsync();

    /// <summary>Drops everything of a model that no grain of these keys needs. A scheduler older than one that was here changes nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="epoch">The scheduler that asks.</param>
    /// <param name="version">The route in force; what was loaded for later ones stays.</param>
    /// <param name="holders">Keys of the shards and expert groups this silo is to have.</param>
    Task RetainAsync(string model, long epoch, long version, string[] holders);
}
