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

    /// <summary>Gives back what it was sent: the least a call of that size can take.</summary>
    [AlwaysInterleave]
    Task<byte[]> EchoAsync([Immutable] byte[] bytes);

    /// <summary>Measures calls from this silo to another.</summary>
    /// <param name="silo">The other silo.</param>
    /// <param name="bytes">Bytes there, and back.</param>
    /// <param name="calls">Calls, one after the other, at least one.</param>
    /// <returns>Seconds of the median call.</returns>
    [AlwaysInterleave, ResponseTimeout("00:01:00")]
    Task<double> MeasureCallAsync(string silo, int bytes, int calls);

    /// <summary>Drops everything of a model that no grain of these keys needs. A scheduler older than one that was here changes nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="epoch">The scheduler that asks.</param>
    /// <param name="version">The route in force; what was loaded for later ones stays.</param>
    /// <param name="holders">Keys of the shards and expert groups this silo is to have.</param>
    Task RetainAsync(string model, long epoch, long version, string[] holders);
}
