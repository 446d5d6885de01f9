namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>A loaded model in one of the compared engines.</summary>
internal interface IPeerModel : IDisposable
{
    /// <summary>Creates an empty cache for sequences.</summary>
    /// <param name="sequences">Number of sequences, at least 1.</param>
    /// <param name="positions">Positions that each of them can hold.</param>
    IPeerContext CreateContext(int sequences, int positions);

    /// <summary>Runs work on a thread that suits the engine, and waits for it.</summary>
    void Run(Action work);
}
