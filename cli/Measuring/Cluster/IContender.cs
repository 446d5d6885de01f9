using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>Something that answers requests and is measured by the tokens that reach its caller.</summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>What it is, for people.</summary>
    string Name { get; }

    /// <summary>Number of silos; 0 for this process alone.</summary>
    int Silos { get; }

    /// <summary>Runs a request.</summary>
    /// <returns>How many tokens came, each time some did.</returns>
    IAsyncEnumerable<int> RunAsync(GenerationRequest request, CancellationToken cancellationToken);

    /// <summary>What crossed between silos so far.</summary>
    Task<Traffic> TrafficAsync();

    /// <summary>Seconds of an empty call of a size between two of its silos; null where it has only one.</summary>
    Task<double?> CallFloorAsync(int bytes);
}

/// <summary>What crossed between silos.</summary>
/// <param name="Calls">Messages with rows.</param>
/// <param name="Bytes">Bytes of the rows, there and back.</param>
/// <param name="ExpertCalls">Of the messages, calls to experts elsewhere.</param>
/// <param name="ExpertSeconds">Time of these.</param>
internal readonly record struct Traffic(long Calls, long Bytes, long ExpertCalls, double ExpertSeconds)
{
    /// <summary>What came since an earlier look.</summary>
    public Traffic Since(Traffic before) =>
        new(Calls - before.Calls, Bytes - before.Bytes, ExpertCalls - before.ExpertCalls, ExpertSeconds - before.ExpertSeconds);
}
