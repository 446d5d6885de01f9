using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Ptx.Driver;

/// <summary>Objects by handles, which are not used twice.</summary>
/// <param name="kind">What the objects are, for messages.</param>
/// <param name="first">The first handle. Tables with different ones do not mistake each other's handles for their own.</param>
internal sealed class HandleTable<T>(string kind, nint first)
    where T : class
{
    private readonly Dictionary<nint, T> _objects = [];
    private nint _next = first;

    /// <summary>Number of objects.</summary>
    public int Count => _objects.Count;

    /// <summary>The object of a handle.</summary>
    public T this[nint handle] => _objects.TryGetValue(handle, out T? found) ? found : throw new CudaException($"The {kind} 0x{handle:x} does not exist.");

    /// <summary>Adds an object.</summary>
    public nint Add(T value)
    {
        _next += 16;
        _objects.Add(_next, value);
        return _next;
    }

    /// <summary>Removes an object.</summary>
    public T Remove(nint handle)
    {
        T value = this[handle];
        _objects.Remove(handle);
        return value;
    }
}
