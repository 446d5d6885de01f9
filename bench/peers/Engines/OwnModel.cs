using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>A model in our engine: the runner itself, without scheduler and sampling.</summary>
internal sealed class OwnModel : IPeerModel
{
    private readonly ModelRunner _runner;
    private readonly Queue<int> _freeBlocks;

    private OwnModel(ModelRunner runner)
    {
        _runner = runner;
        _freeBlocks = new Queue<int>(Enumerable.Range(0, runner.Cache.Blocks));
    }

    /// <summary>The workers that compute.</summary>
    public WorkerPool Pool => _runner.Pool;

    /// <summary>Number of token ids.</summary>
    public int VocabSize => _runner.Config.VocabSize;

    /// <summary>Loads a model folder.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="mode">Precision of products.</param>
    /// <param name="quant">Type of the weights in memory; null as stored.</param>
    /// <param name="threads">Number of workers.</param>
    /// <param name="positions">Positions that all contexts that exist at a time hold together.</param>
    /// <exception cref="ModelException">The model is invalid.</exception>
    public static OwnModel Load(string directory, ComputeMode mode, QuantFormat? quant, int threads, int positions) => new(ModelRunner.Load(directory, new ModelOptions
    {
        Mode = mode,
        Quant = quant,
        Threads = threads,
        KvTokens = positions,
        MaxBatchTokens = PeerStep.MaxTokens,
    }));

    /// <inheritdoc/>
    public IPeerContext CreateContext(int sequences, int positions)
    {
        int blocks = (positions + KvBlocks.Positions - 1) / KvBlocks.Positions;
        int[][] tables = new int[sequences][];
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            tables[sequence] = new int[blocks];
            for (int block = 0; block < blocks; block++)
            {
                tables[sequence][block] = _freeBlocks.Dequeue();
            }
        }

        return new OwnContext(_runner, tables, _freeBlocks);
    }

    /// <inheritdoc/>
    /// <remarks>The calling thread computes too, so it is pinned as the engine's own thread is.</remarks>
    public void Run(Action work) => PinnedThread.Run(Pool, work);

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();
}
