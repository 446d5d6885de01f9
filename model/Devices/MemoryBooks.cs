namespace HunyuanOrleans.Model.Devices;

/// <summary>Keeps the books of a device's memory. Thread-safe.</summary>
/// <param name="capacity">Bytes that the device has; 0 if it is not known.</param>
/// <param name="exceeded">Called with the state that exceeds the capacity; null: nothing happens.</param>
internal sealed class MemoryBooks(long capacity, Action<DeviceMemory>? exceeded)
{
    private readonly Lock _gate = new();
    private DeviceMemory _memory = new(0, 0, 0, 0, 0, capacity);

    /// <summary>The current state.</summary>
    public DeviceMemory Current
    {
        get
        {
            lock (_gate)
            {
                return _memory;
            }
        }
    }

    /// <summary>Records that memory was allocated, or freed if a number is negative.</summary>
    public void Add(long weights = 0, long kv = 0, long staging = 0, long scratch = 0)
    {
        DeviceMemory now;
        lock (_gate)
        {
            now = _memory with
            {
                Weights = _memory.Weights + weights,
                Kv = _memory.Kv + kv,
                Staging = _memory.Staging + staging,
                Scratch = _memory.Scratch + scratch,
            };
            now = _memory = now with { Peak = Math.Max(now.Peak, now.Used) };
        }

        if (capacity > 0 && now.Used > capacity)
        {
            exceeded?.Invoke(now);
        }
    }
}
