using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>Checksums of chosen 4 MB chunks of a region, computed by all workers. It does not know where the bytes live.</summary>
internal sealed class ChunkChecksums : IJob
{
    public const int ChunkBytes = 4 << 20;

    private readonly Piece _piece;
    private readonly long _length;
    private readonly int[] _chunks;
    private readonly ulong[] _hashes;

    private ChunkChecksums(Piece piece, long length, int[] chunks)
    {
        _piece = piece;
        _length = length;
        _chunks = chunks;
        _hashes = new ulong[chunks.Length];
    }

    /// <summary>Gives a part of the region; not a copy.</summary>
    public delegate ReadOnlySpan<byte> Piece(long offset, int length);

    public static int Count(long length) => checked((int)((length + ChunkBytes - 1) / ChunkBytes));

    /// <summary>The bytes of one chunk; the last may be short.</summary>
    public static int LengthOf(int chunk, long length) => (int)Math.Min(ChunkBytes, length - ((long)chunk * ChunkBytes));

    /// <summary>The checksums of the given chunks, in their order.</summary>
    public static ulong[] Compute(WorkerPool pool, Piece piece, long length, int[] chunks)
    {
        ChunkChecksums job = new(piece, length, chunks);
        pool.Run(job, chunks.Length);
        return job._hashes;
    }

    void IJob.Run(int unit, int worker)
    {
        int chunk = _chunks[unit];
        _hashes[unit] = Checksum.Of(_piece((long)chunk * ChunkBytes, LengthOf(chunk, _length)));
    }
}
