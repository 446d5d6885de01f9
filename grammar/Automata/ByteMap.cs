using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A map from bytes to values. Up to four entries are searched linearly; more become a table of 256, so that the many states that see
/// only a few bytes stay small.
/// </summary>
internal struct ByteMap<T>
    where T : class
{
    private const int LinearCapacity = 4;

    private T?[]? _values;
    private uint _bytes;
    private int _count;

    /// <summary>Returns the value of a byte, or null if it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T? Get(byte key)
    {
        T?[]? values = _values;
        if (values is null)
        {
            return null;
        }

        return values.Length > LinearCapacity ? values[key] : Find(values, key);
    }

    /// <summary>Adds the value of a byte that has none yet.</summary>
    public void Add(byte key, T value)
    {
        _values ??= new T?[LinearCapacity];
        if (_values.Length == LinearCapacity && _count < LinearCapacity)
        {
            _bytes |= (uint)key << (8 * _count);
            _values[_count++] = value;
            return;
        }

        if (_values.Length == LinearCapacity)
        {
            var table = new T?[256];
            for (int i = 0; i < LinearCapacity; i++)
            {
                table[(byte)(_bytes >> (8 * i))] = _values[i];
            }

            _values = table;
        }

        _values[key] = value;
    }

    private readonly T? Find(T?[] values, byte key)
    {
        for (int i = 0; i < _count; i++)
        {
            if ((byte)(_bytes >> (8 * i)) == key)
            {
                return values[i];
            }
        }

        return null;
    }
}
