using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Prefetches memory to the second-level cache, a few cache lines at a time between other work. A core can have few cache misses open at
/// once, so fetching everything in a burst would stall it.
/// </summary>
internal unsafe ref struct Prefetcher
{
    private const int MaxPieces = 4;
    private const int Line = 64;
    private fixed long _pieces[MaxPieces];
    private int _count;
    private int _piece;
    private long _pieceBytes;
    private long _offset;
    private long _perCall;

    /// <summary>Starts over without pieces.</summary>
    /// <param name="pieceBytes">Size in bytes of each piece that will be added.</param>
    public void Begin(long pieceBytes)
    {
        _pieceBytes = pieceBytes;
        _count = 0;
        _piece = 0;
        _offset = 0;
        _perCall = 0;
    }

    /// <summary>Adds a piece of memory, at most 4 in all.</summary>
    public void Add(byte* piece) => _pieces[_count++] = (long)piece;

    /// <summary>Sets the number of calls of <see cref="Advance"/> that fetch everything.</summary>
    public void SpreadOver(int calls) => _perCall = ((_count * _pieceBytes / Line / calls) + 1) * Line;

    /// <summary>Fetches the next few lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Advance()
    {
        long left = _perCall;
        while (left > 0 && _piece < _count)
        {
            byte* piece = (byte*)_pieces[_piece];
            long end = Math.Min(_pieceBytes, _offset + left);
            left -= end - _offset;
            for (; _offset < end; _offset += Line)
            {
                Sse.Prefetch1(piece + _offset);
            }

            if (_offset >= _pieceBytes)
            {
                _piece++;
                _offset = 0;
            }
        }
    }
}
