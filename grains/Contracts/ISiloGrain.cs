using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>A silo's own grain: whether the silo responds, what it can hold and what it holds. The key is a <see cref="Placement.PinnedKey"/> of the silo alone.</summary>
[Alias("hunyuan.ISiloGrain")]
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>Responds, to show that the silo is alive.</summary>
    [Alias("PingAsync"), AlwaysInterleave, ResponseTimeout("00:00:02")]
    Task PingAsync();

    /// <summary>Returns the properties that the silo announces.</summary>
    [Alias("DescribeAsync"), ClientCallable, AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<SiloDescription> DescribeAsync();

    /// <summary>Returns what the silo holds and has sent.</summary>
    [Alias("ReportAsync"), ClientCallable, AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<SiloReport> ReportAsync();

    /// <summary>Returns its argument. Used to measure the shortest duration of a call of that size.</summary>
    [Alias("EchoAsync"), AlwaysInterleave]
    Task<byte[]> EchoAsync([Immutable] byte[] bytes);

    /// <summary>Measures calls from this silo to another, one measurement at a time.</summary>
    /// <param name="silo">Name of the other silo.</param>
    /// <param name="bytes">Bytes sent and returned by each call, 0 to 16 MiB.</param>
    /// <param name="calls">Number of sequential calls, 1 to 2000, with at most 1 GiB in all.</param>
    /// <returns>Duration of the median call in seconds.</returns>
    /// <exception cref="GrainCallException">A number is out of range, or the silo is measuring already.</exception>
    [Alias("MeasureCallAsync"), ClientCallable, AlwaysInterleave, ResponseTimeout("00:01:00")]
    Task<double> MeasureCallAsync(string silo, int bytes, int calls);

    /// <summary>
    /// Announces the route that is loaded next: drops the weights that neither it nor a route in use needs, and keeps those that it needs.
    /// A silo that is told so before it loads never holds more than the two routes need together.
    /// </summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="epoch">Epoch of the scheduler that calls.</param>
    /// <param name="version">Version of the route that is loaded next.</param>
    /// <param name="next">Keys of the shards and expert groups that the silo will hold on that route.</param>
    /// <param name="kept">Keys of those that it holds on routes in use.</param>
    /// <returns>True once the memory is free; false if that takes longer than a call should, and the same call must be made again.</returns>
    /// <exception cref="StaleStepException">A scheduler with a higher epoch has called.</exception>
    [Alias("ReserveAsync")]
    Task<bool> ReserveAsync(string model, long epoch, long version, string[] next, string[] kept);

    /// <summary>Exchanges the records of a model's adapters, and checks that the silo can use each adapter.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="records">The records of the caller.</param>
    /// <returns>The silo's records and problems; null if reading the adapters takes longer than a call should, and the same call must be made again.</returns>
    [Alias("SyncAdaptersAsync"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<AdapterReport?> SyncAdaptersAsync(string model, AdapterRecord[] records);

    /// <summary>Checks whether the silo can use an adapter.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="adapter">The adapter; its digest is empty if any content is right.</param>
    /// <returns>What the silo finds; null if reading the adapter takes longer than a call should, and the same call must be made again.</returns>
    [Alias("CheckAdapterAsync"), AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<AdapterCheck?> CheckAdapterAsync(string model, AdapterRecord adapter);

    /// <summary>
    /// Drops the weights of a model that no grain of these keys needs. A call from a scheduler that has been superseded changes nothing.
    /// </summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="epoch">Epoch of the scheduler that calls.</param>
    /// <param name="version">Version of the route in use. Weights that were loaded for later routes stay.</param>
    /// <param name="holders">Keys of the shards and expert groups that the silo holds on the route.</param>
    [Alias("RetainAsync")]
    Task RetainAsync(string model, long epoch, long version, string[] holders);
}
