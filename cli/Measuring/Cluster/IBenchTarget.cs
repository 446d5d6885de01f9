using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>A way to run the model whose speed is measured by the tokens that reach the caller.</summary>
internal interface IBenchTarget : IAsyncDisposable
{
    /// <summary>The name shown to users.</summary>
    string Name { get; }

    /// <summary>Number of silos; 0 means that the model runs in this process without a cluster.</summary>
    int Silos { get; }

    /// <summary>Runs a request.</summary>
    /// <returns>The number of tokens in each chunk of the answer.</returns>
    IAsyncEnumerable<int> RunAsync(GenerationRequest request, CancellationToken cancellationToken);

    /// <summary>The traffic between silos since they started.</summary>
    Task<SiloTraffic> GetTrafficAsync();

    /// <summary>Measures how long a call with a payload of <paramref name="bytes"/> bytes takes between two silos when it does no work.</summary>
    /// <returns>Seconds per call; null if there is only one silo.</returns>
    Task<double?> MeasureEmptyCallAsync(int bytes);
}

/// <summary>Calls between silos that carry activations.</summary>
/// <param name="Calls">Number of calls.</param>
/// <param name="Bytes">Bytes of activations, requests and replies together.</param>
/// <param name="ExpertCalls">How many of the calls go to experts on another silo.</param>
/// <param name="ExpertSeconds">Total duration of the calls to experts.</param>
internal readonly record struct SiloTraffic(long Calls, long Bytes, long ExpertCalls, double ExpertSeconds)
{
    /// <summary>The traffic since an earlier reading.</summary>
    public SiloTraffic Since(SiloTraffic before) =>
        new(Calls - before.Calls, Bytes - before.Bytes, ExpertCalls - before.ExpertCalls, ExpertSeconds - before.ExpertSeconds);
}
