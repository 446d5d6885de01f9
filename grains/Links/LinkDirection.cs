using System.Diagnostics;

namespace HunyuanOrleans.Grains.Links;

/// <summary>
/// One direction of the link between two silos, shared by all of their connections: it sends the bytes of one piece after the other. Times are
/// those of <see cref="Stopwatch"/>. Thread-safe.
/// </summary>
internal sealed class LinkDirection(LinkSpeed speed)
{
    // Larger pieces would not stay in a CPU's cache while they are copied.
    private const int SmallestPiece = 1 << 10, LargestPiece = 1 << 18;

    private readonly double _ticksPerByte = Stopwatch.Frequency / speed.BytesPerSecond;
    private readonly Lock _gate = new();

    // A fraction of a tick per piece must not get lost: at 12.5 GB/s a byte takes less than a tick.
    private double _free;

    /// <summary>How long the last byte of a piece is on its way after it was sent.</summary>
    public long LatencyTicks { get; } = (long)(speed.Latency.TotalSeconds * Stopwatch.Frequency);

    /// <summary>Most bytes of one piece, so that no connection holds up the others for long.</summary>
    public int PieceBytes { get; } = (int)Math.Clamp(speed.BytesPerSecond * PieceTime.TotalSeconds, SmallestPiece, LargestPiece);

    /// <summary>How long the link is busy with a piece at most, unless it is very slow.</summary>
    public static TimeSpan PieceTime { get; } = TimeSpan.FromMicroseconds(200);

    /// <summary>Reserves the link for a piece, after all pieces before it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="bytes">Bytes of the piece.</param>
    /// <returns>When its last byte has left.</returns>
    public long Reserve(long now, int bytes)
    {
        lock (_gate)
        {
            _free = Math.Max(_free, now) + (bytes * _ticksPerByte);
            return (long)_free;
        }
    }
}
