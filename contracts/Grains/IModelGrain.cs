using HunyuanOrleans.Contracts.Messages;
using Orleans.Concurrency;

namespace HunyuanOrleans.Contracts.Grains;

/// <summary>One model of the cluster: its scheduler and its partition plan. The key is the model's name.</summary>
[Alias("hunyuan.IModelGrain")]
public interface IModelGrain : IGrainWithStringKey
{
    /// <summary>Returns the properties of the model.</summary>
    [Alias("DescribeAsync"), ClientCallable, AlwaysInterleave]
    Task<ModelCard> DescribeAsync();

    /// <summary>
    /// Answers a request, continuing after the tokens it carries. Errors of the request come as a batch, not as an exception. The enumeration
    /// breaks if the grain or its silo ends; the caller then asks again with the tokens it has.
    /// </summary>
    [Alias("GenerateAsync")]
    IAsyncEnumerable<TokenBatch> GenerateAsync(RequestSpec request, CancellationToken cancellationToken);

    /// <summary>Returns the state of the model and the silos that hold it.</summary>
    [Alias("ReportAsync"), ClientCallable, AlwaysInterleave]
    Task<ModelReport> ReportAsync();

    /// <summary>Forgets all cached prefixes of the model.</summary>
    /// <returns>Number of KV blocks that were cached.</returns>
    [Alias("ResetPrefixCacheAsync"), AlwaysInterleave]
    Task<int> ResetPrefixCacheAsync();

    /// <summary>Adds an adapter that requests can name, once every silo that computes has found the same files in its folder.</summary>
    /// <param name="name">Its name in requests.</param>
    /// <param name="folder">Its folder, as every silo reads it.</param>
    /// <returns>Null while silos read; the caller then asks again.</returns>
    [Alias("LoadAdapterAsync"), AlwaysInterleave]
    Task<AdapterReply?> LoadAdapterAsync(string name, string folder);

    /// <summary>Removes an adapter. Answers that use it go on; later requests do not find it.</summary>
    /// <returns>False if there is none of this name.</returns>
    [Alias("UnloadAdapterAsync"), AlwaysInterleave, ResponseTimeout("00:01:00")]
    Task<bool> UnloadAdapterAsync(string name);

    /// <summary>Moves the model's share away from a silo that is about to stop.</summary>
    /// <param name="silo">Name of the silo.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>
    /// True if the model no longer uses the silo; false if the model cannot run without it; null if that takes longer than a call should, and the same call
    /// must be made again.
    /// </returns>
    [Alias("LeaveAsync"), AlwaysInterleave]
    Task<bool?> LeaveAsync(string silo, CancellationToken cancellationToken);
}
