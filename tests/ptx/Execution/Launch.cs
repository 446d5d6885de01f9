using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Ptx.Memory;

namespace HunyuanOrleans.Ptx.Execution;

/// <summary>A grid of blocks to run.</summary>
/// <param name="Program">The program.</param>
/// <param name="Grid">The blocks.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="SharedBytes">Bytes of the shared memory whose size the launch decides.</param>
/// <param name="Arguments">The arguments.</param>
/// <param name="Tags">Numbers for the records of device memory.</param>
/// <param name="FindsGlobalRaces">Whether races between blocks are faults.</param>
/// <param name="MaxInstructions">The most instructions of a warp in one block.</param>
internal sealed record Launch(
    KernelProgram Program, CudaGrid Grid, int Threads, int SharedBytes, byte[] Arguments, LaunchTags Tags, bool FindsGlobalRaces, long MaxInstructions)
{
    /// <summary>Number of blocks.</summary>
    public long Blocks => (long)Grid.X * Grid.Y * Grid.Z;

    /// <summary>Runs it.</summary>
    /// <param name="memory">The device's memory.</param>
    /// <param name="workers">Threads of the CPU that share the blocks.</param>
    /// <returns>What it did.</returns>
    /// <exception cref="PtxFault">A block failed. Of several that failed, the one with the smallest number is reported.</exception>
    public KernelStatistics Run(DeviceMemory memory, int workers)
    {
        KernelStatistics total = new() { Launches = 1, Blocks = Blocks };
        Lock gate = new();
        long next = -1;
        (long Block, Exception Error)? failed = null;
        Parallel.For(0, (int)Math.Min(workers, Blocks), _ => Work());
        return failed is { } failure ? throw failure.Error : total;

        void Work()
        {
            using BlockRunner runner = new(this, memory);
            for (long block = Interlocked.Increment(ref next); block < Blocks; block = Interlocked.Increment(ref next))
            {
                try
                {
                    runner.Run((uint)block);
                }
                catch (Exception error)
                {
                    lock (gate)
                    {
                        failed = failed is { } earlier && earlier.Block < block ? earlier : (block, error);
                    }

                    Interlocked.Exchange(ref next, Blocks);
                }
            }

            lock (gate)
            {
                total.Add(runner.Counters);
            }
        }
    }
}
