namespace HunyuanOrleans.Ptx.Driver;

/// <summary>How a <see cref="PtxDriver"/> behaves.</summary>
public sealed record PtxDriverOptions
{
    /// <summary>Memory of the device in bytes; 4 GiB by default. The host's memory is used as it is touched, five bytes for each.</summary>
    public long MemoryBytes { get; init; } = 4L << 30;

    /// <summary>Threads of the CPU that share the blocks of a launch; 2 by default. With 1, blocks run in their order.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Whether float arithmetic may leave its rounding to the assembler; false by default, which makes it a fault.</summary>
    public bool AllowsContraction { get; init; }

    /// <summary>
    /// Whether races on device memory between blocks of a launch are faults; true by default. With one worker all of them are found. With several, a race
    /// of two blocks that run at the same time is found by chance. Races of the threads of one block are not found.
    /// </summary>
    public bool FindsGlobalRaces { get; init; } = true;

    /// <summary>The most instructions that a warp may run in one block before that is a fault; 2^30 by default, which takes some seconds.</summary>
    public long MaxInstructions { get; init; } = 1L << 30;

    /// <summary>The clock of events; the system's by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
