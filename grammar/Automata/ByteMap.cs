using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// Values by byte, filled one by one: a few entries in a row, then a table, so that the many states that see few bytes stay small.
/// </summary>
internal struct ByteMap<T>
    where T : class
{
    private const int Few = 4;

    private T?[]? _values;
    private uint _bytes;
    private int _count;

    /// <summary>The value of a byte, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T? Get(byte key)
    {
        T?[]? values = _values;
        if (values is null)
        {
            return null;
        }

        return values.Length > Few ? values[key] : Find(values, key);
    }

    /// <summary>Adds the value of a byte that has none.</summary>
    public void Add(byte key, T value)
    {
        _values ??= new T?[Few];
        if (_values.Length == Few && _count < Few)
        {
            _bytes |= (uint)key << (8 * _count);
            _values[_count++] = value;
            return;
        }

        if (_values.Length == Few)
        {
            var table = new T?[256];
            for (int i = 0; i < Few; i++)
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
