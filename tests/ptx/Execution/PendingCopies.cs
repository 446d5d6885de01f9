using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Ptx.Execution;

/// <summary>Asynchronous copies of a warp that were started and not waited for.</summary>
internal sealed class PendingCopies
{
    private readonly List<Copy> _copies = [];
    private readonly int[] _groups = new int[32];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _copies.Clear();
        Array.Clear(_groups);
    }

    /// <summary>Adds a copy to the group that a lane has not committed yet.</summary>
    public void Add(int lane, uint address, ReadOnlySpan<byte> data)
    {
        Copy copy = new() { Lane = lane, Group = _groups[lane], Address = address, Size = data.Length };
        data.CopyTo(copy.Data);
        _copies.Add(copy);
    }

    /// <summary>Ends the group of a lane.</summary>
    public void Commit(int lane) => _groups[lane]++;

    /// <summary>Takes out the copies of lanes that are done when at most some committed groups are not.</summary>
    /// <param name="mask">The lanes.</param>
    /// <param name="left">Committed groups that may stay, or -1 to wait for uncommitted copies too.</param>
    /// <param name="done">Receives a copy.</param>
    public void Wait(uint mask, int left, Action<Copy> done)
    {
        int kept = 0;
        for (int i = 0; i < _copies.Count; i++)
        {
            Copy copy = _copies[i];
            if ((mask >> copy.Lane & 1) != 0 && copy.Group < _groups[copy.Lane] - left)
            {
                done(copy);
            }
            else
            {
                _copies[kept++] = copy;
            }
        }

        _copies.RemoveRange(kept, _copies.Count - kept);
    }

    /// <summary>One copy.</summary>
    internal struct Copy
    {
        public int Lane;
        public int Group;
        public uint Address;
        public int Size;
        public Bytes16 Data;
    }

    /// <summary>The most bytes of one copy.</summary>
    [InlineArray(16)]
    internal struct Bytes16
    {
        private byte _first;
    }
}
