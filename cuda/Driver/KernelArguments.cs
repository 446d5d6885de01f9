using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cuda.Driver;

/// <summary>Collects the arguments of a launch, each aligned to its size.</summary>
public ref struct KernelArguments
{
    /// <summary>Bytes that are enough for the arguments of any kernel here.</summary>
    public const int MaxBytes = 256;

    private readonly Span<byte> _buffer;
    private int _length;

    /// <summary>Starts with no arguments.</summary>
    /// <param name="buffer">Receives the arguments.</param>
    public KernelArguments(Span<byte> buffer) => _buffer = buffer;

    /// <summary>The arguments so far.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _buffer[.._length];

    /// <summary>Adds an address or another 64-bit number.</summary>
    public void Add(ulong value) => Append(value);

    /// <summary>Adds a 32-bit number.</summary>
    public void Add(int value) => Append(value);

    /// <summary>Adds a float32.</summary>
    public void Add(float value) => Append(value);

    private void Append<T>(T value)
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        int start = (_length + size - 1) / size * size;
        _buffer[_length..start].Clear();
        MemoryMarshal.Write(_buffer[start..], value);
        _length = start + size;
    }
}
