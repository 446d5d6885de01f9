using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Fetches pieces of memory into the second-level cache a few lines at a time, between other work: a burst would wait for the few
/// misses that a core can have open at once. It does not know what lies there.
/// </summary>
internal unsafe ref struct ReadCursor
{
    private const int MaxPieces = 4;
    private const int Line = 64;
    private fixed long _pieces[MaxPieces];
    private int _count;
    private int _piece;
    private long _pieceBytes;
    private long _offset;
    private long _perCall;

    /// <summary>Starts with no pieces.</summary>
    /// <param name="pieceBytes">Bytes of each piece to come.</param>
    public void Begin(long pieceBytes)
    {
        _pieceBytes = pieceBytes;
        _count = 0;
        _piece = 0;
        _offset = 0;
        _perCall = 0;
    }

    /// <summary>Adds a piece.</summary>
    public void Add(byte* piece) => _pieces[_count++] = (long)piece;

    /// <summary>Says in how many calls of <see cref="Advance"/> everything is to be fetched.</summary>
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
