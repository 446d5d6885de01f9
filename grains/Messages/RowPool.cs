using System.Numerics;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>
/// Pieces of memory for the rows of messages, which are used again and again. A piece is too small for the large object heap. A piece that is never given back
/// is collected like any other array, and a new one takes its place. Thread-safe.
/// </summary>
internal sealed class RowPool
{
    /// <summary>Bytes of the largest piece. Arrays from 85,000 bytes on would be large objects.</summary>
    public const int PieceBytes = 64 << 10;

    private const int SmallestBytes = 1 << 10;

    private readonly Lock _gate = new();
    private readonly Stack<byte[]>[] _idle;

    // The fewest idle pieces of each size since the last trim: so many were not needed.
    private readonly int[] _unneeded;
    private long _allocated;
    private long _given;

    /// <summary>Creates a pool without pieces.</summary>
    public RowPool()
    {
        int sizes = BitOperations.Log2(PieceBytes / SmallestBytes) + 1;
        _idle = new Stack<byte[]>[sizes];
        for (int i = 0; i < sizes; i++)
        {
            _idle[i] = new Stack<byte[]>();
        }

        _unneeded = new int[sizes];
    }

    /// <summary>The pool of the process. It trims itself when the whole heap is collected.</summary>
    public static RowPool Shared { get; } = CreateShared();

    /// <summary>Number of pieces that were allocated so far because none was idle.</summary>
    public long Allocated
    {
        get
        {
            lock (_gate)
            {
                return _allocated;
            }
        }
    }

    /// <summary>Number of pieces that were given back so far.</summary>
    public long Given
    {
        get
        {
            lock (_gate)
            {
                return _given;
            }
        }
    }

    /// <summary>Number of idle pieces.</summary>
    public int Idle
    {
        get
        {
            lock (_gate)
            {
                int idle = 0;
                foreach (Stack<byte[]> pieces in _idle)
                {
                    idle += pieces.Count;
                }

                return idle;
            }
        }
    }

    /// <summary>Takes a piece. Its content is undefined.</summary>
    /// <param name="bytes">Bytes that are needed, 1 to <see cref="PieceBytes"/>.</param>
    /// <returns>An array of that many bytes or more.</returns>
    public byte[] Take(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, PieceBytes);
        int size = SizeOf(bytes);
        lock (_gate)
        {
            if (_idle[size].TryPop(out byte[]? piece))
            {
                _unneeded[size] = Math.Min(_unneeded[size], _idle[size].Count);
                return piece;
            }

            _unneeded[size] = 0;
            _allocated++;
        }

        return GC.AllocateUninitializedArray<byte>(SmallestBytes << size);
    }

    /// <summary>Gives a piece back. The caller must be the only one that still has it.</summary>
    public void Give(byte[] piece)
    {
        lock (_gate)
        {
            _idle[SizeOf(piece.Length)].Push(piece);
            _given++;
        }
    }

    /// <summary>Drops half of the pieces that were idle ever since the last trim, so that memory of a peak is given up in a few steps.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            for (int size = 0; size < _idle.Length; size++)
            {
                for (int drop = (_unneeded[size] + 1) / 2; drop > 0; drop--)
                {
                    _idle[size].Pop();
                }

                _unneeded[size] = _idle[size].Count;
            }
        }
    }

    private static int SizeOf(int bytes) =>
        BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, SmallestBytes)) / SmallestBytes);

    private static RowPool CreateShared()
    {
        RowPool pool = new();
        _ = new Trimmer(pool);
        return pool;
    }

    // An object that nothing refers to is finalised after a collection of its generation, which is the oldest one after the first two times.
    private sealed class Trimmer(RowPool pool)
    {
        ~Trimmer()
        {
            pool.Trim();
            GC.ReRegisterForFinalize(this);
        }
    }
}
