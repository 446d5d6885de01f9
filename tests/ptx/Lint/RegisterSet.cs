using System.Numerics;

namespace HunyuanOrleans.Ptx.Lint;

/// <summary>A set of registers.</summary>
/// <param name="count">Number of registers that there are.</param>
internal sealed class RegisterSet(int count)
{
    private readonly ulong[] _bits = new ulong[(count + 63) / 64];

    /// <summary>The registers in it.</summary>
    public IEnumerable<int> Members
    {
        get
        {
            for (int i = 0; i < _bits.Length; i++)
            {
                for (ulong rest = _bits[i]; rest != 0; rest &= rest - 1)
                {
                    yield return (64 * i) + BitOperations.TrailingZeroCount(rest);
                }
            }
        }
    }

    /// <summary>Adds a register.</summary>
    public void Add(int register) => _bits[register / 64] |= 1ul << (register % 64);

    /// <summary>Removes a register.</summary>
    public void Remove(int register) => _bits[register / 64] &= ~(1ul << (register % 64));

    /// <summary>Adds the registers of another set.</summary>
    public void Add(RegisterSet other)
    {
        for (int i = 0; i < _bits.Length; i++)
        {
            _bits[i] |= other._bits[i];
        }
    }

    /// <summary>Whether it has the same registers as another set.</summary>
    public bool IsSame(RegisterSet other) => _bits.AsSpan().SequenceEqual(other._bits);
}
