using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>Computes the checksums of 4 MB chunks of a region with all workers.</summary>
internal sealed class ChunkChecksums : IJob
{
    public const int ChunkBytes = 4 << 20;

    private readonly ReadRange _read;
    private readonly long _length;
    private readonly int[] _chunks;
    private readonly ulong[] _checksums;

    private ChunkChecksums(ReadRange read, long length, int[] chunks)
    {
        _read = read;
        _length = length;
        _chunks = chunks;
        _checksums = new ulong[chunks.Length];
    }

    /// <summary>Returns a range of the region without copying it.</summary>
    public delegate ReadOnlySpan<byte> ReadRange(long offset, int length);

    public static int Count(long length) => checked((int)((length + ChunkBytes - 1) / ChunkBytes));

    /// <summary>Length of one chunk in bytes; the last chunk may be shorter than the others.</summary>
    public static int LengthOf(int chunk, long length) => (int)Math.Min(ChunkBytes, length - ((long)chunk * ChunkBytes));

    /// <summary>Computes the checksums of the given chunks, in the order of <paramref name="chunks"/>.</summary>
    public static ulong[] Compute(WorkerPool pool, ReadRange read, long length, int[] chunks)
    {
        ChunkChecksums job = new(read, length, chunks);
        pool.Run(job, chunks.Length);
        return job._checksums;
    }

    void IJob.Run(int unit, int worker)
    {
        int chunk = _chunks[unit];
        _checksums[unit] = Checksum.Of(_read((long)chunk * ChunkBytes, LengthOf(chunk, _length)));
    }
}
